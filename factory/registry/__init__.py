"""PARENT: The registry of published versions: their numbers, their folders, and the record in each one.

Imports core.
"""
