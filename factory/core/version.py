"""SHARED: The version of this package, which is part of the cache keys of stages."""

__version__ = "0.1.0"
