"""PARENT: The Ray cluster: everything that knows Ray.

Imports execution, config and core.
"""
