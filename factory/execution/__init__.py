"""PARENT: Processes that run stages: warm workers on this machine, and the one interface that any cluster implements.

Imports config and core, and no framework.
"""
