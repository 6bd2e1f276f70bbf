"""SHARED: The declared steps from a table's raw columns to a model's inputs, and their equal implementations.

`declared` is what a user says of each column, `columns` and `spec` what was fitted; these run anywhere. `fit` makes the
latter of the former and the training rows; `polars_encoder` encodes tables fast, `reference` (numpy) says what every
implementation must compute, `strange` generates the rows that tell them apart: these run in a Keras process, without
Keras. Imports config and core.
"""
