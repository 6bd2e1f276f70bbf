"""PARENT: All that composes a config through Hydra, or as Hydra does.

Imports core.
"""
