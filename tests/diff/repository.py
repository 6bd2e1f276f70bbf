"""A real git repository with a copy of conf/, for tests."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from factory.config.composition.folders import package_conf


@dataclass(frozen=True)
class Repository:
    """Where a reviewer works.

    Args:
        path: its top; the groups lie in ``conf/``.
    """

    path: Path

    @property
    def conf(self) -> Path:
        return self.path / "conf"

    def git(self, *words: str) -> None:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(self.path), *who, *words], check=True, capture_output=True, timeout=60)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.conf / file
        text = path.read_text()
        assert old in text, f"{file}: holds no {old!r}"
        path.write_text(text.replace(old, new))

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-m", "a change")


def repository(folder: Path) -> Repository:
    """One commit with the package's own groups."""
    made = Repository(folder / "repository")
    shutil.copytree(package_conf(), made.conf)
    made.git("init", "-b", "main")
    made.commit()
    return made
