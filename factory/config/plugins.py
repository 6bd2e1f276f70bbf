"""SHARED: Discovery and import of plug-ins in this package, in the user's project and in installed packages.

A plug-in is a file that is there: its folder is its kind, its name is what the YAML says. ``data.source: orders`` is
``data/sources/orders.py``; a layer ``{Shout: {}}`` is the class ``Shout`` of ``layers/shout.py``. Such folders lie
under several roots:

    this package
    the project                 ``--project DIR``, or the working folder where it holds a file ``factory.project``
    installed packages          entry points of the group ``factory.plugins``; the value names a package of such folders

A name that two roots offer is refused. Only `import_plugin` imports one; what the parent must know it reads from the
source.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from factory.core.errors import ConfigError
from factory.core.messages import wrong

MARK = "factory.project"
"""A file that makes its folder a project."""

VARIABLE = "FACTORY_PROJECT"
"""Environment variable that holds the project's folder, so that every process of a command has the same one."""

PROJECT = "factory_project"
"""The name under which the project's modules are imported."""

GROUP = "factory.plugins"
"""The entry points by which an installed package declares its plug-ins."""

IN_THIS_PACKAGE = {"layers": "models/layers", "trackers": "tracking/trackers"}
"""Kinds that lie deeper in this package than in a project."""

CLASS_KINDS = ("layers", "losses", "metrics", "callbacks")
"""Kinds of which a file holds a class of the file's name; all others hold a function whose signature is the schema."""

KINDS = ("models/kinds", "data/sources", "export/targets", "trackers", *CLASS_KINDS)


@dataclass(frozen=True)
class Root:
    """A folder that holds plug-in folders, one for each kind.

    Args:
        origin: its name in error messages.
        package: the package that its modules are imported under.
        folder: its path.
    """

    origin: str
    package: str
    folder: Path

    def folder_of(self, kind: str) -> str:
        """Return the folder of a kind of plug-in, relative to this root."""
        return IN_THIS_PACKAGE.get(kind, kind) if self.package == "factory" else kind


@dataclass(frozen=True)
class Plugin:
    """A plug-in: its name, its file and where it comes from.

    Args:
        name: the word that chooses it in YAML.
        path: its file.
        module: the dotted name that it is imported under.
        origin: the root that holds it, as error messages name it.
    """

    name: str
    path: Path
    module: str
    origin: str

    @property
    def ours(self) -> bool:
        """Whether the plug-in comes with this package, whose version then covers its code."""
        return self.module.startswith("factory.")


# ---- roots


def project() -> Path | None:
    """Return the folder of the project that this command works in, None where there is none."""
    folder = os.environ.get(VARIABLE)
    return Path(folder) if folder else None


def use_project(folder: str | None) -> None:
    """Set the project of this process and of every process that it starts.

    Args:
        folder: as typed; None takes the working folder where that is a project.

    Raises:
        ConfigError: there is no such folder.
    """
    if folder is not None and not Path(folder).is_dir():
        raise ConfigError(wrong("--project", folder, "a folder of plug-ins and conf/"))
    if folder is not None:
        os.environ[VARIABLE] = str(Path(folder).resolve())
    elif VARIABLE not in os.environ and Path(MARK).is_file():
        os.environ[VARIABLE] = str(Path.cwd())


def roots() -> tuple[Root, ...]:
    """Return every root of plug-ins: this package, the project, and installed packages."""
    return _roots(project())


@functools.cache
def _roots(folder: Path | None) -> tuple[Root, ...]:
    own = Root("factory", "factory", Path(__file__).parents[1])
    mine = [Root(f"the project {folder}", PROJECT, folder)] if folder else []
    return (own, *mine, *_installed())


def _installed() -> Iterator[Root]:
    """Yield the roots that installed packages declare as entry points of the group ``factory.plugins``."""
    for point in entry_points(group=GROUP):
        top, *inner = point.value.split(".")
        spec = find_spec(top)  # a top-level package is found without being imported
        for folder in (spec and spec.submodule_search_locations) or ():
            yield Root(f"the package {point.value}", point.value, Path(folder, *inner))


def conf_folders() -> list[Path]:
    """Return the folders of config groups that the project and installed packages add."""
    return [root.folder / "conf" for root in roots() if root.package != "factory" and (root.folder / "conf").is_dir()]


# ---- plug-ins


def plugins_of(kind: str) -> Mapping[str, Plugin]:
    """Return the plug-ins of one kind by name, this package's first.

    Args:
        kind: a folder of plug-ins, such as ``data/sources``; one of `KINDS`.

    Raises:
        ConfigError: two roots offer the same name.
    """
    return _plugins_of(kind, roots())


@functools.cache
def _plugins_of(kind: str, among: tuple[Root, ...]) -> Mapping[str, Plugin]:
    plugins: dict[str, Plugin] = {}
    for root in among:
        folder = root.folder_of(kind)
        for path in sorted((root.folder / folder).glob("[!_]*.py")):
            name = class_of(path) if kind in CLASS_KINDS else path.stem
            if name is None:
                continue
            if name in plugins:
                raise ConfigError(
                    f"{kind}: {name} is offered by {plugins[name].origin} and by {root.origin}; rename one"
                )
            module = ".".join((root.package, *folder.split("/"), path.stem))
            plugins[name] = Plugin(name, path, module, root.origin)
    return plugins


def class_of(path: Path) -> str | None:
    """Return the name of the class that a file is called after: ``PositionEmbedding`` in ``position_embedding.py``."""
    named = path.stem.replace("_", "")
    classes = (part.name for part in syntax(path).body if isinstance(part, ast.ClassDef))
    return next((name for name in classes if name.lower() == named), None)


@functools.cache
def syntax(path: Path) -> ast.Module:
    """Return the syntax tree of a plug-in's file.

    Raises:
        ConfigError: the file is not Python.
    """
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise ConfigError(f"{path}: not Python: {error}") from error


# ---- code


def import_plugin(kind: str, name: str) -> Any:
    """Import a plug-in and return its module or, for a kind of classes, its class.

    Args:
        kind: its folder in a project, such as ``data/sources``.
        name: the word that chooses it in YAML; must be one of `plugins_of`.
    """
    plugin = plugins_of(kind)[name]
    module = import_module(plugin.module)
    return getattr(module, name) if kind in CLASS_KINDS else module


def import_module(name: str) -> ModuleType:
    """Import a module of this package, of the project or of an installed package."""
    folder = project()
    if name.partition(".")[0] == PROJECT and PROJECT not in sys.modules and folder:
        package = ModuleType(PROJECT)
        package.__path__ = [str(folder)]
        sys.modules[PROJECT] = package
    return importlib.import_module(name)


def used_plugins(tree: Mapping[str, Any]) -> list[Plugin]:
    """Return the plug-ins of a project or an installed package that the training of a config uses.

    Args:
        tree: the whole config. Any word of its model or train node counts that a plug-in has for a name; where it is no
            declaration after all, an edit of that plug-in trains once too often.
    """
    chosen = {"models/kinds": {tree["model"]["kind"]}, "data/sources": {tree["data"]["source"]}}
    named = set(words_of(tree["model"])) | set(words_of(tree["train"]))
    offered = ((plugins_of(kind), chosen.get(kind, named)) for kind in (*chosen, *CLASS_KINDS))
    return [plugin for found, names in offered for name, plugin in found.items() if name in names and not plugin.ours]


def words_of(value: Any) -> Iterator[str]:
    """Yield every key and every string of a node: names of layers may lie at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield str(key)
            yield from words_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from words_of(part)


def project_digest(folder: Path) -> str:
    """Return the SHA-256 of the Python files in a project's plug-in folders, so that two machines can compare them."""
    digest = hashlib.sha256()
    for kind in KINDS:
        for path in sorted((folder / kind).glob("*.py")):
            digest.update(f"{kind}/{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def sources_of(plugin: Plugin) -> list[Path]:
    """Return a plug-in's file and the files of its root that it imports, directly or not, sorted."""
    folder = next(root.folder for root in roots() if root.origin == plugin.origin)
    package = plugin.module.partition(".")[0]
    files: list[Path] = []
    waiting = [plugin.path]
    while waiting:
        path = waiting.pop()
        if path not in files:
            files.append(path)
            names = (name for name in _imported(syntax(path)) if name.partition(".")[0] == package)
            waiting += [file for name in names if (file := _file_of(folder, name))]
    return sorted(files)


def _imported(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted name of every module that a file may import absolutely."""
    for part in ast.walk(tree):
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom) and part.module and not part.level:
            yield part.module
            yield from (f"{part.module}.{alias.name}" for alias in part.names)


def _file_of(folder: Path, name: str) -> Path | None:
    """Return the file of a dotted module name below a root, None where there is none."""
    path = folder.joinpath(*name.split(".")[1:])
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
