"""PARENT: Sweeps: many runs on few processes, as grids, seeds and searches.

Imports tracking, report, pipeline, execution, config and core.
"""
