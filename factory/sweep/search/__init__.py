"""PARENT: Searches with Optuna, which runs in a process of its own (study.py).

Imports sweep.
"""
