"""PARENT: The command line and ``factory.run``: words to verbs, verbs to exit codes.

Imports every room of the parent.
"""
