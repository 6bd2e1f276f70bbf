"""CHILD: Data sources, one file each: ``data.source: csv`` is ``csv.py``.

A file here is a plug-in.
"""
