"""SHARED: The declaration: from YAML and the words of a command line to one checked tree.

Runs in every process. Imports core; its catalog is the only part that ever reads Keras, in a process of its own.
"""
