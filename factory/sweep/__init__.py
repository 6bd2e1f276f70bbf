"""PARENT: Many runs on few processes: grids, seeds, searches.

Imports tracking, report, pipeline, execution, config and core.
"""
