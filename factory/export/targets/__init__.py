"""CHILD: Artifact formats, one file each: ``deploy.target.onnx`` is ``onnx.py``.

A file here is a plug-in.
"""
