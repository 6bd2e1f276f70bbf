"""CHILD: The train stage: fits a model and writes the hand-off.

Runs in a Keras process. Imports models, data, config and core.
"""
