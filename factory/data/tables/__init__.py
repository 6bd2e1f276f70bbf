"""CHILD: Tables of a user's files: reading them, inferring what their columns are, and bringing values to the wire.

Runs in a Keras process, without Keras. Imports preprocessing, config and core.
"""
