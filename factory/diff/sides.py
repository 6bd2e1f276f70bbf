"""PARENT: The two sides of a comparison, opened from the words of the command line.

    main, HEAD~3, v1.2          groups as they lie in a git revision
    :                           groups as they lie in the working tree
    outputs/2026-11-23/10-45    the config of a run
    outputs/models/onnx/cat/3   the config of the run that published this version
    main:model=cnn seed=3       a revision (nothing before the colon: the working tree) and overrides of its own
    model=cnn                   an override of both sides

Groups of a revision go to a temporary folder through ``git archive``; the working tree is only read.
"""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from factory.config.composition.compose import Config, compose_config
from factory.config.composition.folders import config_search_path, package_conf
from factory.config.composition.saved import reload_config
from factory.core.errors import ConfigError
from factory.core.rundir import RunDir
from factory.registry.publish import RECORD, origin_of

SIDE = re.compile(r"([^=:]*):(.*)", re.DOTALL)
WORKING_TREE = "working tree"
NOT_COMPARED = ("hydra.", "hydra/")


@dataclass(frozen=True)
class Side:
    """One side of a comparison: config groups, and the overrides to compose from them.

    Args:
        name: the name that reports show.
        search_path: the config search path of this side; an option of an earlier folder hides the same one of a later.
        overrides: overrides of its composition.
        fixed: the config of a run, which is not composed again; None for groups.
        narrowed: whether one composition is meant, not all that its groups offer.
    """

    name: str
    search_path: tuple[Path, ...]
    overrides: tuple[str, ...] = ()
    fixed: Config | None = None
    narrowed: bool = False

    def config(self) -> Config:
        """Return the one composition of this side, not validated.

        Raises:
            ConfigError: it does not compose.
        """
        return self.fixed or compose_config(self.overrides, search_path=self.search_path)


def open_sides(words: Sequence[str], config_dir: str | None, temporary: Path) -> tuple[Side, Side]:
    """Open both sides of a comparison; by default HEAD and the working tree.

    Args:
        words: words of the command line, after the verb.
        config_dir: the user's folder of config groups.
        temporary: folder that takes the groups of git revisions; must outlive the sides.

    Raises:
        ConfigError: a word is no side, or there are more than two.
    """
    sides = [word for word in words if ("=" not in word and not word.startswith("~")) or SIDE.fullmatch(word)]
    overrides = tuple(word for word in words if word not in sides)
    if len(sides) > 2:
        raise ConfigError(f"diff: got {', '.join(sides)}; takes two sides at most")
    for key in (keys := [override.partition("=")[0] for override in overrides]):
        if keys.count(key) > 1:
            raise ConfigError(f"diff: got {key} twice; takes :{key}=… for a side of its own, {key}=… for both")
    names = [*sides, *("HEAD", ":")[len(sides) :]]
    a, b = (_side(word, config_dir, temporary / str(number)) for number, word in enumerate(names))
    if a.fixed and not b.fixed:
        b = _as_asked(b, a.fixed)
    elif b.fixed and not a.fixed:
        a = _as_asked(a, b.fixed)
    narrowed = bool(overrides or a.narrowed or b.narrowed)
    a, b = (replace(s, overrides=(*s.overrides, *overrides), narrowed=narrowed) for s in (a, b))
    return a, b


def _as_asked(side: Side, fixed: Config) -> Side:
    """Return a side of groups narrowed to what a run's overrides compose from them."""
    asked = (word for word in fixed.overrides if not word.lstrip("+~").startswith(NOT_COMPARED))
    return replace(side, overrides=(*asked, *side.overrides), narrowed=True)


def _side(word: str, config_dir: str | None, temporary: Path) -> Side:
    """Open the side that one word names."""
    split = SIDE.fullmatch(word)
    revision, own_words = (split[1], _words(split[2])) if split else (word, ())
    folder = Path(word)
    if folder.is_dir() and not split:
        if RunDir(folder).config.is_file():
            return _fixed(word, folder)
        if (folder / RECORD).is_file():
            return _published(word, folder)
    if not revision:
        side = Side(WORKING_TREE, tuple(config_search_path(config_dir)))
    else:
        side = _revision(revision, config_dir, temporary)
    name = f"{side.name}: {' '.join(own_words)}" if own_words else side.name
    return replace(side, name=name, overrides=own_words, narrowed=bool(own_words))


def _words(text: str) -> tuple[str, ...]:
    """Return the overrides of a side, split as a shell does."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ConfigError(f"diff: got {text!r}; takes overrides, quoted as in a shell: {error}") from error


def _fixed(word: str, folder: Path) -> Side:
    """Return the side that holds the config of a run."""
    return Side(word, (package_conf(),), fixed=reload_config(RunDir(folder)), narrowed=True)


def _published(word: str, folder: Path) -> Side:
    """Return the side that holds the config of the run behind a published version."""
    run = origin_of(folder)
    if not RunDir(run).config.is_file():
        raise ConfigError(f"{word}: the run that published it is gone: {run}")
    return replace(_fixed(word, run), name=f"{word} ({run.name})")


# ---- git


def _revision(revision: str, config_dir: str | None, temporary: Path) -> Side:
    """Return the side that holds the groups of a git revision.

    The repository is that of the first folder on the config search path; folders outside of it are taken as they are.
    """
    leading, *others = config_search_path(config_dir)
    taken = [_archived(leading, revision, temporary / "0")]
    for number, folder in enumerate(others, 1):
        tracked = repository(folder) == repository(leading)
        taken.append(_archived(folder, revision, temporary / str(number)) if tracked else folder)
    return Side(revision, tuple(taken))


def repository(folder: Path) -> Path | None:
    """Return the top folder of the git repository that holds this folder; None outside of one."""
    found = _git(folder, "rev-parse", "--show-toplevel")
    return None if found is None else Path(found.decode().strip()).resolve()


def _archived(folder: Path, revision: str, to: Path) -> Path:
    """Unpack a folder as it was in a git revision and return its path.

    Git itself finds the repository, so that one call suffices where all is well.
    """
    tar = _git(folder, "archive", "--format=tar", revision)
    if tar is None:
        raise ConfigError(_why_not(folder, revision))
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        archive.extractall(to / folder.name, filter="data")
    return to / folder.name


def _why_not(folder: Path, revision: str) -> str:
    """Return why a folder could not be read from a git revision."""
    root = repository(folder)
    if root is None or _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}") is None:
        takes = "a git revision, a run folder, a published version or :overrides"
        return f"diff: got {revision!r}; takes {takes}" + ("" if root else f"; {folder} is in no git")
    return f"{revision}: holds no {folder.resolve().relative_to(root).as_posix()}/"


def _git(folder: Path, *words: str) -> bytes | None:
    """Return what git prints; None where it fails or is not installed."""
    try:
        return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return None
