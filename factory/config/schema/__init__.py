"""PARENT: What each node of a config may hold, and how nodes must fit each other.

Imports core, the catalog and the declaration.
"""
