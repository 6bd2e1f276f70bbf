"""CHILD: The deploy stage: exports a trained model and judges each artifact.

Runs in a Keras process. Imports training, models, data, config and core.
"""
