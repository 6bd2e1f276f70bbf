"""PARENT: The pipeline of one run: which stages it needs, which are done already, what is published.

Imports execution, registry, config and core.
"""
