"""PARENT: How a sweep is shown: leaderboard, page, live display.

Imports sweep and report.
"""
