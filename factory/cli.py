"""PARENT: what a user types → compose → validate → pipeline → table → exit code. Imports no framework."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from factory import config, faults
from factory.clock import Clock
from factory.config import Config, jsonschema
from factory.diff import check, command
from factory.errors import ConfigError, FactoryError, Interrupted
from factory.help import help_text
from factory.launchers.local import LocalLauncher
from factory.pipeline import Pipeline
from factory.report import live, runs, table
from factory.rundir import RunDir, read_json
from factory.version import __version__


@dataclass(frozen=True)
class Result:
    """A finished run, as `factory.run` returns it.

    Args:
        path: the run folder.
        metrics: loss and metrics of the trained model on the validation rows.
        targets: gate results by target, as in run.json.
        published: version folder by target.
    """

    path: Path
    metrics: dict[str, float]
    targets: dict[str, dict[str, Any]]
    published: dict[str, Path]

    @classmethod
    def of(cls, summary: dict[str, Any]) -> Result:
        targets = summary["targets"]
        published = {name: Path(target["published"]) for name, target in targets.items() if target["published"]}
        return cls(Path(summary["run"]), summary["train"]["metrics"], targets, published)


def run(overrides: Sequence[str] = (), *, config_dir: str | None = None, progress: bool = False) -> Result:
    """Train, deploy and publish: ``python -m factory <overrides>`` from Python.

    Args:
        overrides: as on the command line, ``["model=mlp", "train.backend=jax"]``.
        config_dir: a folder of config groups that goes before the package's own.
        progress: show what a terminal would.

    Raises:
        FactoryError: one of its children (see `factory.errors`); what was finished stays in the run folder.
    """
    clock = Clock()
    with clock.lap("compose"):
        composed = config.load(list(overrides), config_dir=config_dir)
    with LocalLauncher() as launcher, live.watcher(Console()) if progress else live.Silent() as watch:
        pipeline = Pipeline(composed, launcher, watch, clock)
        try:
            return Result.of(pipeline.execute())
        finally:
            if "laps" in pipeline.summary:
                draw(pipeline.run.path)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line.

    Returns:
        The exit code; see `factory.errors`.
    """
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        options = parse(sys.argv[1:] if arguments is None else list(arguments))
        return VERBS[options.verb](options)
    except KeyboardInterrupt:
        return Interrupted.exit_code
    except FactoryError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of a pipe had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


# ---- verbs


def run_command(options: argparse.Namespace) -> int:
    clock = Clock()
    with clock.lap("compose"):
        composed = config.load(options.words, config_dir=options.config_dir, config_name=options.config_name)
    return carry_out(composed, clock)


def resume_command(options: argparse.Namespace) -> int:
    return carry_out(config.reload(RunDir(Path(only_word(options)))), Clock())


def report_command(options: argparse.Namespace) -> int:
    folder = only_word(options)
    summary = read_json(RunDir(Path(folder)).summary)
    if summary is None:
        raise ConfigError(f"report: got {folder!r}; takes a run folder, one that holds a run.json")
    console = Console()
    table.show(summary, console)
    show_page(Path(folder), console)
    return int(summary.get("exit_code", 0))


def list_command(options: argparse.Namespace) -> int:
    runs.show(*runs.find([Path(word) for word in options.words or ["outputs"]]), Console())
    return 0


def compare_command(options: argparse.Namespace) -> int:
    from factory.report import compare  # here, as in `draw`

    found = compare.load(options.words)
    console = Console()
    compare.show(found, console)
    console.print(f"page: {compare.write(found)}", highlight=False, markup=False, soft_wrap=True)
    return 0


def diff_command(options: argparse.Namespace) -> int:
    command.diff(options.words, options.config_dir, options.format, options.fail_on)
    return 0


def schema_command(options: argparse.Namespace) -> int:
    print(jsonschema.text(), end="")
    return 0


def check_command(options: argparse.Namespace) -> int:
    print(check.check(options.words, options.config_dir))
    return 0


def help_command(options: argparse.Namespace) -> int:
    print(help_text(DESCRIBED))
    return 0


def hydra_command(options: argparse.Namespace) -> int:
    """Hand flags that are Hydra's own to Hydra, once the config is known to be sound."""
    if not options.multirun:
        config.load(options.words, config_dir=options.config_dir, config_name=options.config_name)
    return config.through_hydra(options.arguments, each_job)


def each_job(composed: Config) -> None:
    """One job of a Hydra multirun."""
    config.validate(composed.tree)
    config.check_packages(composed.tree)
    carry_out(composed, Clock())


VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": run_command,
    "resume": resume_command,
    "report": report_command,
    "list": list_command,
    "compare": compare_command,
    "diff": diff_command,
    "check": check_command,
    "schema": schema_command,
    "help": help_command,
    "hydra": hydra_command,
}
DESCRIBED = {
    "run": "train, deploy, publish; the verb may be left out",
    "resume": "resume RUN: go on with a run that was interrupted or killed",
    "report": "report RUN: print a run's table again, and write its report.html and model_card.md",
    "list": "list [FOLDER…]: the runs and published versions in a folder, outputs unless given",
    "compare": "compare RUN RUN…: runs side by side, and a page with their curves on one plot",
    "diff": "diff [A] [B]: what a change of the config means; --format md, json; --fail-on contract",
    "check": "check [--config-dir conf]: compose and validate every default, option and experiment; starts nothing",
    "schema": "print the JSON Schema of conf/, by which editors complete and check the YAML",
    "help": "this text",
}


def carry_out(composed: Config, clock: Clock) -> int:
    """Run, show, and answer with the exit code; a run that failed is shown as far as it came."""
    console = Console()
    with LocalLauncher() as launcher, live.watcher(console) as watch:
        pipeline = Pipeline(composed, launcher, watch, clock)
        try:
            pipeline.execute()
        finally:
            watch.__exit__(None, None, None)
            if pipeline.summary.get("targets"):
                table.show(pipeline.summary, console)
            if "laps" in pipeline.summary:
                show_page(pipeline.run.path, console)
    return 0


def show_page(folder: Path, console: Console) -> None:
    if drawn := draw(folder):
        console.print(f"report: {drawn}", highlight=False, markup=False, soft_wrap=True)


def draw(folder: Path) -> Path | None:
    """Write report.html and model_card.md of a run that has ended, however it ended.

    Returns:
        The page; None where the folder cannot be written, which is said and costs no run.
    """
    collecting = gc.isenabled()
    gc.disable()  # going through all that Hydra and pydantic hold takes 40 ms, and the drawing itself 60
    try:
        from factory.report import card, facts, html  # here, since --help and errors need not wait for Jinja (45 ms)

        found = facts.read(folder)
        card.write(found)
        return html.write(found)
    except OSError as error:
        print(f"report: {folder}: not written: {error.strerror}", file=sys.stderr)
        return None
    finally:
        if collecting:
            gc.enable()


def only_word(options: argparse.Namespace) -> str:
    if len(options.words) != 1:
        raise ConfigError(f"{options.verb}: got {' '.join(options.words) or 'nothing'}; takes one run folder")
    return str(options.words[0])


# ---- the command line's words


def parse(arguments: list[str]) -> argparse.Namespace:
    """Verb, flags (Hydra's own where Hydra has them) and overrides, as ``verb``, ``words`` and one field a flag."""
    parser = argparse.ArgumentParser(prog="python -m factory", add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("-cd", "--config-dir")
    parser.add_argument("-cn", "--config-name", default="config")
    parser.add_argument("-c", "--cfg", choices=["job", "hydra", "all"])
    parser.add_argument("--resolve", action="store_true")
    parser.add_argument("-p", "--package")
    parser.add_argument("-i", "--info", nargs="?", const="all")
    parser.add_argument("-sc", "--shell-completion", action="store_true")
    parser.add_argument("--hydra-help", action="store_true")
    parser.add_argument("--format", choices=command.FORMATS, default="terminal")
    parser.add_argument("--fail-on", choices=command.FAIL_ON)
    parser.add_argument("words", nargs="*")
    try:
        options, unknown = parser.parse_known_intermixed_args(arguments)
    except argparse.ArgumentError as error:
        raise ConfigError(f"{error.argument_name}: {error.message}") from error
    if unknown:
        flags = [flag for action in parser._actions for flag in action.option_strings]
        raise ConfigError([faults.wrong("command line", word, "the flags of --help", flags) for word in unknown])
    return argparse.Namespace(**vars(options), arguments=arguments, verb=verb_of(options))


def verb_of(options: argparse.Namespace) -> str:
    """The verb that was typed, taken out of the words, or the one that the flags mean."""
    first = options.words[0] if options.words else ""
    typed = first if first and "=" not in first and not first.startswith("~") else None
    if typed and typed not in DESCRIBED:
        raise ConfigError(faults.wrong("verb", typed, faults.listed(list(DESCRIBED)), DESCRIBED))
    if typed:
        options.words.pop(0)
    if options.help:
        return "help"
    hydras = (options.cfg, options.info, options.multirun, options.shell_completion, options.hydra_help)
    return "hydra" if any(hydras) else typed or "run"
