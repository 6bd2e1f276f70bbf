"""PARENT: What people look at: live display, table, pages, model card, lists and comparisons.

Imports registry, config and core.
"""
