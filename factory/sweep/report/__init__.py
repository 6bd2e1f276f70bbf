"""PARENT: The reports of sweeps: leaderboard, HTML page, live display.

Imports sweep and report.
"""
