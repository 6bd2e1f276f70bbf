"""CHILD: From a declaration and the facts of the data to a Keras model.

Runs in a Keras process. Imports data, config and core.
"""
