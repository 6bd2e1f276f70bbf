"""PARENT: Published versions: numbers, folders, and the file that says what each one is.

Imports core.
"""
