"""SHARED: The names of the Keras backends, each that of its framework."""

BACKENDS = ("jax", "tensorflow", "torch")
"""The quickest to import comes first."""
