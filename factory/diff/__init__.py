"""PARENT: what a change of the config means for the model and for those who call it; see ``review.py``."""
