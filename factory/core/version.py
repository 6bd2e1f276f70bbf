"""SHARED: The version of this package, in one place: it is part of the keys of stages."""

__version__ = "0.1.0"
