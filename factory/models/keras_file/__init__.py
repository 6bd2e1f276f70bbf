"""CHILD: Safe loading of ``.keras`` files, which may come from a stranger: screened first, loaded only then.

Imports core, config and the names of plug-ins.
"""
