"""SHARED: The declared steps from a table's raw columns to a model's inputs, and their equal implementations.

`spec` says what the steps are and runs anywhere; `reference` (numpy) and the others run in a Keras process, without
Keras. Imports config and core.
"""
