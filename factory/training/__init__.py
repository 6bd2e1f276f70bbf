"""CHILD: The train stage: fits a model, evaluates it and writes the hand-off to the deploy stage.

Runs in a Keras process. Imports models, data, config and core.
"""
