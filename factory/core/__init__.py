"""SHARED: What every room stands on: errors, messages, the layout of a run folder, timings.

Runs in every process. Imports the standard library alone.
"""
