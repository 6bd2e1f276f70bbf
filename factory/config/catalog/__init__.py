"""SHARED: What the installed Keras offers, as data.

Imports core.
"""
