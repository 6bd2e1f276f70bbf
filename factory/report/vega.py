"""PARENT: the JavaScript library that draws a page's charts: Vega, Vega-Lite and Vega-Embed from vl-convert-python.

The package takes half a second to bundle it, so it is compressed once and kept in the user's cache folder.
"""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

from factory.config.catalog.catalog import cache_folder
from factory.core.installed import version

MAKE = """
import gzip, os, pathlib, sys, vl_convert
path = pathlib.Path(sys.argv[1])
path.parent.mkdir(parents=True, exist_ok=True)
temporary = path.with_name(f".{path.name}.{os.getpid()}")
temporary.write_bytes(gzip.compress(vl_convert.javascript_bundle().encode(), 9, mtime=0))
temporary.replace(path)
"""


def packed() -> str | None:
    """Return the library, gzipped, in base64; None without vl-convert-python: a page then shows tables only."""
    installed = version("vl-convert-python")
    if installed is None:
        return None
    path = cache_folder() / f"vega-{installed}.js.gz"
    if not path.exists() and not made(path):
        return None
    return base64.b64encode(path.read_bytes()).decode()


def made(path: Path) -> bool:
    """Write the library to a file in another process, since it starts a JavaScript engine; return whether it worked."""
    return subprocess.run([sys.executable, "-c", MAKE, path], capture_output=True, check=False).returncode == 0
