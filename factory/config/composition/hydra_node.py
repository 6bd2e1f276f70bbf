"""PARENT: The few keys of Hydra's own node that a config may set; Hydra imports and calls what the others name.

Hydra instantiates ``hydra.callbacks`` and every ``_target_`` below ``hydra``, its logging takes any callable, and its
search path imports packages. So a word, a YAML file and a saved sweep reach what is listed here, and `check_node` looks
at the result once more before anything is instantiated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hydra.core.config_store import ConfigNode, ConfigStore
from hydra.core.plugins import Plugins
from omegaconf import DictConfig, OmegaConf

from factory.config.composition import interpolations
from factory.core import messages
from factory.core.errors import ConfigError

NODE = "hydra"
LAUNCHER, SWEEPER = "hydra/launcher", "hydra/sweeper"
OURS = {LAUNCHER: ("factory", "factory_ray", "basic"), SWEEPER: ("factory", "search", "basic")}
OFF = ("none", "disabled")
CHOICES = {**OURS, "hydra/job_logging": OFF, "hydra/hydra_logging": OFF}
"""Group → what a file may choose; the command line may choose any launcher and sweeper that is installed."""

DIRNAME = dict.fromkeys(("kv_sep", "item_sep", "exclude_keys"))
KEYS: Mapping[str, Any] = {
    "run": {"dir": None},
    "sweep": {"dir": None, "subdir": None},
    "launcher": LAUNCHER,
    "sweeper": SWEEPER,
    "output_subdir": None,
    "job": {"config": {"override_dirname": DIRNAME}},
}
"""Key → the keys below it, None for a value, or the group whose options are the keys."""

CALLS = re.compile(r"_[a-z]+_|\(\)")
"""Keys by which Hydra and logging call what a config names: ``_target_``, ``_partial_`` …, ``()``."""


def refused_keys(node: Any, path: str = NODE, allowed: Any = KEYS) -> Iterator[str]:
    """Yield a line for each key below ``hydra`` in a file that the file may not set."""
    allowed = dict.fromkeys(options(allowed)) if isinstance(allowed, str) else allowed
    if not isinstance(node, Mapping):
        yield messages.wrong(path, node, f"a mapping with {messages.listed(list(allowed))}")
        return
    for key, part in node.items():
        where = f"{path}.{key}"
        if key not in allowed:
            yield messages.unknown(where, str(key), list(allowed))
        elif key == "params" and isinstance(part, Mapping):
            yield from refused_words(f"{name}=" for name in part)
        elif allowed[key] is not None:
            yield from refused_keys(part, where, allowed[key])
        elif path != NODE and path.split(".")[1] in ("run", "sweep") and not isinstance(part, str):
            yield messages.wrong(where, part, "a folder")


def refused_word(key: str) -> str | None:
    """Return why the key of an override may not be set, None where it may be or does not concern Hydra.

    Args:
        key: the override up to its ``=``, with sign and package.
    """
    name = key.lstrip("+~")
    parts = re.split(r"[\s.@:/\[\]]+", name)
    if parts[0] != NODE and not ("@" in name and NODE in parts[1:]):
        return None
    takes = ["hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir", LAUNCHER, SWEEPER]
    if key.startswith("~"):
        return f"{name}: cannot be taken away; takes another value"
    if name in CHOICES:
        return None
    allowed: Any = KEYS
    for end, part in enumerate(name.split(".")[1:], 2):
        if isinstance(allowed, str):
            known = options(allowed)
            if part not in known or any(CALLS.fullmatch(step) for step in name.split(".")):
                return messages.unknown(short(".".join(name.split(".")[:end])), part, known)
            return None
        if allowed is None or part not in allowed:
            break
        allowed = allowed[part]
    else:
        if allowed is None and "." in name:
            return None
    return messages.unknown(name, name, [*takes, "launcher.<option>", "search.<option>"])


def refused_words(words: Iterable[str]) -> Iterator[str]:
    """Yield the problems of overrides that a file holds: the space of a search, the command of a saved sweep."""
    for word in words:
        key, _, value = word.partition("=")
        if line := refused_word(key):
            yield line
        yield from (f"{key}: {problem}" for problem in interpolations.refused(value))


def short(path: str) -> str:
    """Return a path as it is typed: ``launcher.jobs`` for ``hydra.launcher.jobs``."""
    return re.sub("^hydra\\.sweeper\\.", "search.", re.sub("^hydra\\.launcher\\.", "launcher.", path))


def options(group: str) -> list[str]:
    """Return the options of all launchers or all sweepers: ours first, then those that the user has installed."""
    found = dict.fromkeys(key for name in OURS[group] for key in _stored(group).get(name, {}))
    found |= dict.fromkeys(key for node in _stored(group).values() for key in node)
    return [key for key in found if not CALLS.fullmatch(key)]


def installed(group: str) -> list[str]:
    """Return the names of the installed launchers or sweepers; nothing for other groups."""
    return [*_stored(group)] if group in OURS else []


def _stored(group: str) -> dict[str, dict[Any, Any]]:
    """Return the nodes of a group that installed plug-ins offer, by name, without resolving anything."""
    Plugins.instance()
    at: Any = ConfigStore.instance().repo
    for part in group.split("/"):
        at = at.get(part, {})
    nodes = {name.removesuffix(".yaml"): node.node for name, node in at.items() if isinstance(node, ConfigNode)}
    plain = {name: OmegaConf.to_container(OmegaConf.create(node), resolve=False) for name, node in nodes.items()}
    return {name: node for name, node in plain.items() if isinstance(node, dict)}


def check_node(composed: DictConfig) -> None:
    """Check Hydra's node just before Hydra instantiates a launcher and a sweeper from it.

    Raises:
        ConfigError: it names something that no installed plug-in offers.
    """
    targets = {target for group in OURS for node in _stored(group).values() for target in _targets(node)}
    node = composed.hydra
    given = [key for key in ("callbacks", "searchpath") if node.get(key)]
    problems = [messages.wrong(f"hydra.{key}", node[key], "nothing") for key in given]
    if node.job.env_set:
        problems.append("hydra.job.env_set: got variables; takes none")
    for key in ("launcher", "sweeper"):
        plain = OmegaConf.to_container(node[key], resolve=True)
        unknown = _targets(plain) - targets
        problems += [messages.wrong(f"hydra.{key}", target, "a plug-in that is installed") for target in unknown]
        params = plain.get("params") if isinstance(plain, dict) else None
        problems += refused_words(f"{name}={value}" for name, value in (params or {}).items())
    for key in ("job_logging", "hydra_logging"):
        problems += [f"hydra.{key}: names what is called; takes {messages.listed(OFF)}" for _ in _calls(node[key])]
    if problems:
        raise ConfigError(problems)


def _targets(node: Any) -> set[str]:
    """Return every value of a ``_target_``, at any depth."""
    if isinstance(node, Mapping):
        own = {str(node["_target_"])} if "_target_" in node else set()
        return own.union(*map(_targets, node.values()))
    return set().union(*map(_targets, node)) if isinstance(node, list) else set()


def _calls(node: Any) -> Iterator[str]:
    """Yield every key by which Hydra or logging would call something, at any depth."""
    plain = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node
    if isinstance(plain, Mapping):
        for key, part in plain.items():
            if CALLS.fullmatch(str(key)):
                yield str(key)
            yield from _calls(part)
    elif isinstance(plain, list):
        for part in plain:
            yield from _calls(part)
