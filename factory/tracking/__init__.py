"""PARENT: Recording of runs by experiment trackers, each tracker in a process of its own.

Imports report, execution, config and core.
"""
