"""PARENT: Translation of errors of Hydra, OmegaConf and YAML into one line: where, what it got, what it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import (
    GrammarParseError,
    InterpolationResolutionError,
    OmegaConfBaseException,
    UnsupportedInterpolationType,
)

from factory.config.composition.environment import hide_secrets, secrets_of
from factory.config.composition.hydra_node import installed, short
from factory.core import messages
from factory.core.errors import ConfigError

SINGLE = "{0}: got '{1}'; takes one value; -m sweeps over several, and [{1}] is a list"
SAYS = {
    r"Ambiguous value for argument '(.+?)=(.*?)'\s": SINGLE,
    r"Sweep parameters '(.+?)=(.*)' requires --multirun": "{0}: got '{1}'; takes one value; -m sweeps over several",
    r"Sweeping over Hydra's configuration .*: '(.+?)=(.*)'": "{0}: got '{1}'; takes one value, also in a sweep",
    r"Could not delete(?: from config)?\. (?:No match for )?'(.+?)'": "~{0}: unknown key; takes a key that is there",
    r"config group '(.+?)' does not exist": "{0}: unknown group; takes the folders of conf/",
    r"An item is already at '(.+?)'": "+{0}: is there already; takes {0}=… or ++{0}=…",
    r"Multiple values for ([^\s]+?)\. To override": "{0}: got several options; takes one",
    r"Could not override '(.+?)'\. No match in the defaults": "{0}: is not chosen in the config; takes +{0}=…",
    r"In '(.+?)': \w+ raised while composing config:\n(.+)": "{0}.yaml: {1}",
    r"You must specify '(.+?)'": "{0}: missing; takes one of its options",
    r"Could not override '(.+?)'": "{0}: unknown key or group; takes those of --cfg job",
}
"""What Hydra 1.3 says → what we say."""

GOT = {
    r"Config group override (?:value type )?must be": "the name of an option, or a list of names",
    r"Value .* of type '.*' could not be converted to (\w+)": "{0}",
    r"recursion|RecursionError": "fewer lists and mappings inside each other",
    r"File name too long": "a name of at most 200 characters",
}
"""Why a value was refused → what its key takes."""


@contextmanager
def in_our_words(search_path: Sequence[Path], overrides: Sequence[str] = ()) -> Iterator[None]:
    """Turn errors of Hydra, OmegaConf and YAML inside this context into a `ConfigError`.

    Args:
        search_path: the config search path, for the options of a group.
        overrides: what these read from the environment is not shown.

    Raises:
        ConfigError: one line, in the place of theirs.
    """
    try:
        yield
    except ConfigError as error:
        raise ConfigError([hide_secrets(problem, secrets_of(overrides)) for problem in error.problems]) from error
    except (HydraException, OmegaConfBaseException, RecursionError) as error:
        raise ConfigError(hide_secrets(error_line(error, search_path), secrets_of(overrides))) from error


def locate_error(overrides: Sequence[str], fails: Callable[[Sequence[str]], bool], error: Exception) -> str:
    """Return the line of an error that does not say where it is: at the first override that brings it.

    Args:
        overrides: all of them, which fail.
        fails: tells whether some of them fail by themselves.
    """
    low, high = 0, len(overrides)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fails(overrides[:middle]) else (middle + 1, high)
    if low == 0 or low > len(overrides):  # it fails without any override
        return f"config: {message_of(error) or type(error).__name__}"
    key, _, value = overrides[low - 1].lstrip("+").partition("=")
    said = message_of(error.__cause__ or error) if isinstance(error, HydraException) else message_of(error)
    takes = next((takes for pattern, takes in GOT.items() if re.search(pattern, said)), None)
    return messages.wrong(short(key), value, takes or f"what its place can hold; {said or type(error).__name__}")


def says_where(error: Exception) -> bool:
    """Return whether `error_line` can tell the place of an error by itself."""
    cause = error.__cause__ if isinstance(error, HydraException) and not str(error) else error
    if isinstance(cause, OmegaConfBaseException):
        return bool(cause.full_key)
    named = isinstance(cause, MissingConfigException | OverrideParseException)
    return named or any(re.search(pattern, str(cause), re.DOTALL) for pattern in SAYS)


def error_line(error: Exception, search_path: Sequence[Path] = ()) -> str:
    """Return an error of Hydra or OmegaConf as the line that a user reads."""
    if isinstance(error, HydraException) and not str(error) and isinstance(error.__cause__, Exception):
        return error_line(error.__cause__, search_path)
    match error:
        case MissingConfigException():
            return _unknown_option(error, search_path)
        case OverrideParseException():
            return _unparsed(error)
        case GrammarParseError():
            return (
                f"{key_of(error)}: got an interpolation that is none; takes ${{key}}: {message_of(error.msg or error)}"
            )
        case UnsupportedInterpolationType():
            resolver = message_of(error.msg or error).rpartition(" ")[2]
            return messages.wrong(key_of(error), "${" + resolver + ":…}", "a resolver that there is, such as oc.select")
        case InterpolationResolutionError() if error.msg and "raised while resolving" in error.msg:
            said = message_of(error.msg).rpartition(": ")[2]
            return f"{key_of(error)}: got an interpolation that leads nowhere ({said}); takes one to what is there"
        case OmegaConfBaseException():
            return f"{key_of(error)}: {message_of(error.msg or error)}"
    for pattern, says in SAYS.items():
        if found := re.search(pattern, str(error), re.DOTALL):
            return says.format(*(message_of(short(part.removeprefix("++"))) for part in found.groups()))
    return f"config: {message_of(error) or type(error).__name__}"


def key_of(error: OmegaConfBaseException) -> str:
    """Return the config path of an error, ``config`` where it has none."""
    return str(error.full_key or "config")


def _unparsed(error: OverrideParseException) -> str:
    """Return the line of an override that Hydra cannot parse."""
    key, equals, value = error.override.removeprefix("++").partition("=")
    if not equals or not re.fullmatch(r"[\w.+~/@:\-]+", key):
        return f"command line: got {messages.shown(error.override.removeprefix('++'))}; takes key=value"
    evaluated = re.search(r"while evaluating '.*': (.+)", message_of(error))
    said = evaluated[1] if evaluated else "brackets in pairs, other characters in quotes"
    return messages.wrong(short(key), value, f"a value as Hydra writes it: {said}")


def _unknown_option(error: MissingConfigException, search_path: Sequence[Path]) -> str:
    """Return the line of an option that its group does not have, with those it has."""
    group, _, option = (error.missing_cfg_file or "").rpartition("/")
    known = {path.stem for folder in search_path for path in (folder / group).glob("*.yaml")}
    options = sorted(known.union(installed(group)))
    return messages.wrong(group or "--config-name", option, messages.listed(options) or "a group's option", options)


def message_of(error: object) -> str:
    """Return a message without line breaks, pointers to Hydra's website and class names of its parser."""
    text = re.sub(r"\s*See https?://\S+.*", "", str(error), flags=re.DOTALL)
    kept = (part.strip() for part in text.splitlines())
    return " ".join(
        part for part in kept if part and not part.startswith(("full_key:", "object_type=", "reference_type="))
    )
