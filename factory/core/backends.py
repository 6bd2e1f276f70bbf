"""SHARED: the backends of Keras, each with the framework that it is named after."""

BACKENDS = ("jax", "tensorflow", "torch")
"""The quickest to import comes first."""
