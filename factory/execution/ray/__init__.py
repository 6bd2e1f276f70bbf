"""PARENT: Everything that knows Ray.

Imports execution, config and core.
"""
