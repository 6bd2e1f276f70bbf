"""CHILD: Building Keras models from a declaration and the specification of the data.

Runs in a Keras process. Imports data, config and core.
"""
