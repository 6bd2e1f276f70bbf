"""PARENT: The reports of runs: live display, table, HTML pages, model card, lists and comparisons.

Imports registry, config and core.
"""
