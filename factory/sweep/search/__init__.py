"""PARENT: Searches by Optuna, which lives in a process of its own (study.py).

Imports sweep.
"""
