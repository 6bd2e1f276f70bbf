"""PARENT: what a user types → verb, flags and overrides → exit code. Imports no framework."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from factory.cli.verbs import DESCRIBED, VERBS
from factory.config.plugins import use_project
from factory.core import messages, output
from factory.core.disk import reason
from factory.core.errors import ConfigError, FactoryError, Interrupted
from factory.core.printable import tell
from factory.core.version import __version__
from factory.diff.command import FAIL_ON, FORMATS
from factory.sweep.command import folds

INFO = ("all", "defaults", "defaults-tree", "config", "plugins", "searchpath")

COMPOSED = ("run", "sweep", "hydra")
FLAGS = {
    "--format": ("list", "diff"),
    "--fail-on": ("diff",),
    "--config-dir": (*COMPOSED, "diff", "check", "help", "infer"),
    "--out": ("infer",),
    "--config-name": COMPOSED,
    "--resolve": ("hydra",),
    "--package": ("hydra",),
}
"""Flag → the verbs that it says something to; what ``--cfg`` and its like print is ``hydra``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line.

    Returns:
        The exit code; see `factory.core.errors`.
    """
    signal.signal(signal.SIGTERM, interrupt)
    with output.tolerant_output() as out:
        code = carried_out(sys.argv[1:] if arguments is None else list(arguments))
        if lost := out.lost():
            tell(lost)
        return code or (FactoryError.exit_code if lost else 0)


def carried_out(arguments: list[str]) -> int:
    """The exit code of these words; an error is told in its own."""
    try:
        options = parse(arguments)
        use_project(options.project)
        return VERBS[options.verb](options)
    except KeyboardInterrupt:
        return Interrupted.exit_code
    except FactoryError as error:
        tell(str(error))
        return error.exit_code
    except OSError as error:  # of a folder that a verb only looks into; a run says which of its stages it ended
        tell(reason(error))
        return FactoryError.exit_code


def interrupt(*_: object) -> NoReturn:
    """SIGTERM as if Ctrl-C had been pressed, also where a script started us in the background, with SIGINT ignored."""
    raise KeyboardInterrupt


def parse(arguments: list[str]) -> argparse.Namespace:
    """Verb, flags (Hydra's own where Hydra has them) and overrides, as ``verb``, ``words`` and one field a flag."""
    parser = argparse.ArgumentParser(prog="python -m factory", add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("-cd", "--config-dir")
    parser.add_argument("--project")
    parser.add_argument("-cn", "--config-name", default="config")
    parser.add_argument("-c", "--cfg", choices=["job", "hydra", "all"])
    parser.add_argument("--resolve", action="store_true")
    parser.add_argument("-p", "--package")
    parser.add_argument("-i", "--info", nargs="?", const="all", choices=INFO)
    parser.add_argument("-sc", "--shell-completion", action="store_true")
    parser.add_argument("--hydra-help", action="store_true")
    parser.add_argument("--format", choices=FORMATS, default="terminal")
    parser.add_argument("--fail-on", choices=FAIL_ON)
    parser.add_argument("--out")
    parser.add_argument("words", nargs="*")
    try:
        options, unknown = parser.parse_known_intermixed_args(arguments)
    except argparse.ArgumentError as error:
        raise ConfigError(f"{error.argument_name}: {error.message}") from error
    if unknown:
        flags = [flag for action in parser._actions for flag in action.option_strings]
        raise ConfigError([messages.wrong("command line", word, "the flags of --help", flags) for word in unknown])
    verb = verb_of(options)
    foreign = [flag for flag, verbs in FLAGS.items() if verb not in verbs and given(parser, options, flag)]
    if foreign:
        raise ConfigError([f"{flag}: is of {', '.join(FLAGS[flag])} only, not of {verb}" for flag in foreign])
    return argparse.Namespace(**vars(options), arguments=arguments, verb=verb)


def given(parser: argparse.ArgumentParser, options: argparse.Namespace, flag: str) -> bool:
    """Whether a flag was typed with a value of its own."""
    name = flag.removeprefix("--").replace("-", "_")
    return bool(getattr(options, name) != parser.get_default(name))


def verb_of(options: argparse.Namespace) -> str:
    """The verb that was typed, taken out of the words, or the one that the flags mean."""
    first = options.words[0] if options.words else ""
    typed = first if first and "=" not in first and not first.startswith("~") else None
    if typed and typed not in DESCRIBED:
        raise ConfigError(messages.wrong("verb", typed, messages.listed(list(DESCRIBED)), DESCRIBED))
    if typed:
        options.words.pop(0)
    if options.help:
        return "help"
    flags = {
        "--cfg": options.cfg,
        "--info": options.info,
        "--shell-completion": options.shell_completion,
        "--hydra-help": options.hydra_help,
        "-m": options.multirun,
    }
    given = [flag for flag, value in flags.items() if value]
    if len(given) > 1:
        raise ConfigError(f"command line: got {' and '.join(given)}; takes one of them")
    hydras = given and given != ["-m"]
    if (typed or "run") == "run" and not hydras and folds(options.words):
        return "sweep"  # a cross-validation, which trains a model for each fold
    return "hydra" if hydras else "sweep" if options.multirun else typed or "run"
