"""CHILD: What each Keras backend can export, one file each.

A file here is a plug-in.
"""
