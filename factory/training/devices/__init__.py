"""CHILD: Data-parallel training, one file a backend: ``train.backend: torch`` is ``torch.py``.

A file here is a plug-in.
"""
