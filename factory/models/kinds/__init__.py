"""CHILD: Model kinds, one file each: ``model.kind: mlp`` is ``mlp.py``.

A file here is a plug-in.
"""
