"""PARENT: One run: which stages, what is already done, what is published.

Imports execution, registry, config and core.
"""
