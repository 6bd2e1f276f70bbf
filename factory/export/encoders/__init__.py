"""CHILD: Compilers of fitted preprocessing, one file each: raw columns to encoded tensors in an artifact's own graph.

They follow `factory.preprocessing.reference` to the bit; the gate compares them on every export.
"""
