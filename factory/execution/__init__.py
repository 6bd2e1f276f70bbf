"""PARENT: Processes: warm workers on this machine, and the one interface by which any cluster gives them.

Imports config and core, and no framework.
"""
