"""PARENT: Blocks, which are small graphs with parameters that a model uses like layers, and their expansion.

Imports schema, the other modules of config, and core.
"""
