"""CHILD: Layers of this package, one file each: ``PositionEmbedding`` is ``position_embedding.py``.

A file here is a plug-in.
"""
