"""CHILD: Export backends, which are what each Keras backend can export, one file each.

A file here is a plug-in.
"""
