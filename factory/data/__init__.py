"""CHILD: Reading data from a source, checking it and splitting it into training and validation rows.

Runs in a Keras process, without Keras. Imports config and core.
"""
