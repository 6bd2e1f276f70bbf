"""CHILD: From a source to checked, split arrays.

Runs in a Keras process, without Keras. Imports config and core.
"""
