"""CHILD: The deploy stage: exports a trained model and checks each artifact against it.

Runs in a Keras process. Imports training, models, data, config and core.
"""
