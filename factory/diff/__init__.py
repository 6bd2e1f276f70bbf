"""PARENT: What a change of the config means for the model and for those who call it.

Imports pipeline, execution, config and core.
"""
