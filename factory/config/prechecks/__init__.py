"""PARENT: Checks of data files that need no framework, one file a source: ``data.source: images`` is ``images.py``.

What can be told by looking at names and headers is told before any process starts. A source without a file here is
checked when it is read. Each file has one function, ``check(data)``, which raises DataError.
"""
