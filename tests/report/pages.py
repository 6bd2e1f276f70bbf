"""Opening a page in headless Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=10000",
]


@dataclass(frozen=True)
class Opened:
    """A page as the browser had it after its scripts ran.

    Args:
        dom: the document.
        console: every message, warnings and uncaught errors among them.
    """

    dom: str
    console: list[str]


def opened(chromium: str, page: Path, *, dark: bool, width: int) -> Opened:
    """Load a file and wait for its scripts."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        theme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        place = [f"--user-data-dir={profile}", f"--window-size={width},900", theme, "--dump-dom", page.as_uri()]
        done = subprocess.run([chromium, *QUIET, *place], capture_output=True, text=True, timeout=120)
    return Opened(done.stdout, re.findall(r"CONSOLE.*", done.stderr))


class Tags(HTMLParser):
    """The names of all elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
