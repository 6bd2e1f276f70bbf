"""PARENT: Comparison of two configs: what a change means for the model and for those who call it.

Imports pipeline, execution, config and core.
"""
