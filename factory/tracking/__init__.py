"""PARENT: Runs recorded elsewhere, each tracker in a process of its own.

Imports report, execution, config and core.
"""
