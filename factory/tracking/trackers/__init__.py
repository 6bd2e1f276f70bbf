"""CHILD: Trackers, one file each: ``tracker.kind: mlflow`` is ``mlflow.py``.

A file here is a plug-in.
"""
