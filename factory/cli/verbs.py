"""PARENT: what each verb of the command line does, as a function from the parsed command line to the exit code."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from factory.cli import infer
from factory.cli.help import help_text
from factory.cli.run import run_config, show_page
from factory.config.composition.block_files import read_block
from factory.config.composition.compose import Config, compose_config
from factory.config.composition.folders import block_files, config_search_path
from factory.config.composition.hydra_cli import (
    complete_in_shell,
    job_config,
    print_config,
    print_hydras_help,
    print_info,
    run_sweep,
)
from factory.config.load import load_config, load_run_config, validate_config
from factory.config.packages import check_packages
from factory.config.schema import json_schema
from factory.core import messages
from factory.core.disk import refusals_as
from factory.core.errors import ConfigError, FactoryError, Interrupted
from factory.core.printable import printed_visibly, say, tell
from factory.core.read_documents import read_summary
from factory.core.rundir import RunDir
from factory.core.terminal import Terminal
from factory.core.timing import Clock
from factory.diff import check
from factory.diff import command as diffs
from factory.report import run_list, table
from factory.report.draw import draw_carefully
from factory.sweep import command as sweeps
from factory.sweep.hydra_task import Sweep
from factory.sweep.outcome import GOOD
from factory.sweep.record import read_record
from factory.sweep.report.draw import show_record
from factory.tracking.tracking import Tracking


def run_command(options: argparse.Namespace) -> int:
    words = sweeps.for_one_run(options.words)
    clock = Clock()
    with clock.timed("compose"):
        composed = load_config(words, config_dir=options.config_dir, config_name=options.config_name)
    return carry_out(composed, clock)


def resume_command(options: argparse.Namespace) -> int:
    return carry_out(load_run_config(RunDir(Path(only_word(options)))), Clock())


def report_command(options: argparse.Namespace) -> int:
    folder = only_word(options)
    if (Path(folder) / sweeps.RECORD).exists():
        return show_record(read_record(Path(folder)), Terminal())
    summary = read_summary(RunDir(Path(folder)))
    if summary is None:
        takes = "a run folder, one that holds a run.json, or a sweep's, one that holds a sweep.json"
        raise ConfigError(f"report: got {folder!r}; takes {takes}")
    console = Terminal()
    table.show(summary, console)
    show_page(Path(folder), console)
    return exit_code(summary)


def list_command(options: argparse.Namespace) -> int:
    found = run_list.find_runs_and_versions([Path(word) for word in options.words or ["outputs"]])
    match options.format:
        case "json":
            say(run_list.as_json(found))
        case "terminal":
            run_list.show(found, Terminal())
        case _:
            raise ConfigError(messages.wrong("list --format", options.format, "terminal, json"))
    warn(found.problems)
    return 0


def compare_command(options: argparse.Namespace) -> int:
    from factory.report import compare  # here, as in `draw`

    found, unreadable = compare.load_runs(options.words)
    console = Terminal()
    compare.show(found, console)
    if page := draw_carefully(compare.FOLDER, lambda: compare.write(found)):
        console.say(f"page: {page}")
    warn([*unreadable, *(problem for facts in found.values() for problem in facts.problems)])
    return ConfigError.exit_code if unreadable else 0


def diff_command(options: argparse.Namespace) -> int:
    diffs.diff(options.words, options.config_dir, options.format, options.fail_on)
    return 0


def infer_command(options: argparse.Namespace) -> int:
    infer.infer(options.words, options.config_dir, options.out)
    return 0


def schema_command(options: argparse.Namespace) -> int:
    files = block_files(config_search_path(options.config_dir))
    say(json_schema.text({name: read_block(path) for name, path in files.items()}), end="")
    return 0


def check_command(options: argparse.Namespace) -> int:
    say(check.check(options.words, options.config_dir))
    return 0


def help_command(options: argparse.Namespace) -> int:
    say(help_text(DESCRIBED, options.config_dir))
    return 0


def hydra_command(options: argparse.Namespace) -> int:
    """Print what Hydra knows: the config as it is composed, sound but not necessarily whole, or how it came to it."""
    primary = options.config_dir, options.config_name
    if options.hydra_help:
        print_hydras_help()
    elif options.shell_completion:
        complete_in_shell(options.words, *primary)
    else:
        validate_config(compose_config(options.words, *primary).tree, whole=False)
        if options.cfg:
            print_config(options.words, *primary, options.cfg, options.package, options.resolve)
        else:
            with printed_visibly():
                print_info(options.words, *primary, options.info)
    return 0


def sweep_command(options: argparse.Namespace) -> int:
    words = sweeps.resumed(options.words)
    console = Terminal()
    with Tracking(console) as tracking:
        sweep = Sweep(words, options.config_dir, console, partial(alone, config_dir=options.config_dir), tracking)
        with refusals_as(ConfigError, "hydra.sweep.dir"):  # Hydra's own files; ours have words of their own
            run_sweep(sweeps.in_full(words), sweep, options.config_dir, options.config_name)
    sweep.release()
    return sweep.exit_code


def alone(composed: DictConfig, config_dir: str | None) -> int:
    """One job of a sweep under another launcher than ours."""
    try:
        each_job(job_config(composed, config_dir))
        return 0
    except FactoryError as error:
        tell(str(error))
        return error.exit_code


def each_job(composed: Config) -> None:
    validate_config(composed.tree)
    check_packages(composed.tree)
    carry_out(composed, Clock())


VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": run_command,
    "resume": resume_command,
    "report": report_command,
    "list": list_command,
    "compare": compare_command,
    "diff": diff_command,
    "check": check_command,
    "infer": infer_command,
    "schema": schema_command,
    "help": help_command,
    "hydra": hydra_command,
    "sweep": sweep_command,
}
DESCRIBED = {
    "run": "train, deploy, publish; the verb may be left out",
    "resume": "resume RUN: go on with a run that was interrupted or killed",
    "report": "report RUN: print a run's or a sweep's table again, and write its page anew",
    "list": "list [FOLDER…]: the runs and published versions in a folder, outputs unless given; --format json",
    "compare": "compare RUN RUN…: runs side by side, and a page with their curves on one plot",
    "diff": "diff [A] [B]: what a change of the config means; --format md, json; --fail-on gate",
    "check": "check [--config-dir conf]: compose and build every default, option and experiment; trains nothing",
    "infer": "infer data.path=TABLE [data.target=…] [--out conf/data/credit.yaml]: its columns, as YAML to keep",
    "schema": "print the JSON Schema of conf/, by which editors complete and check the YAML",
    "help": "this text",
}


def carry_out(composed: Config, clock: Clock) -> int:
    warn(foreign(Path(composed.run_dir)))
    run_config(composed, clock, Terminal())
    return 0


def foreign(folder: Path) -> list[str]:
    """A warning where a run's folder is another user's."""
    if not hasattr(os, "getuid") or not os.path.isdir(folder) or (owner := folder.stat().st_uid) == os.getuid():
        return []
    return [f"{folder}: belongs to another user (id {owner}), whose files decide what is trained and published"]


def warn(lines: Sequence[str]) -> None:
    """Say on stderr what costs no more than itself."""
    for line in lines:
        tell(line)


def exit_code(summary: Mapping[str, Any]) -> int:
    """The code that a run ended with; one that did not end was interrupted."""
    if summary["status"] in GOOD:
        return 0
    code = int(summary.get("exit_code", 0))
    return code or (Interrupted if summary["status"] in ("running", "interrupted") else FactoryError).exit_code


def only_word(options: argparse.Namespace) -> str:
    if len(options.words) != 1:
        raise ConfigError(f"{options.verb}: got {' '.join(options.words) or 'nothing'}; takes one run folder")
    return str(options.words[0])
