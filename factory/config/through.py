"""Hydra's own command line (``-m``, ``--cfg job``, ``--info`` …) over our config, with our exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

import hydra
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from factory.config.compose import Config, in_our_words, plain, relax
from factory.config.user_folder import before_the_package
from factory.errors import ConfigError, FactoryError
from factory.places import folders
from factory.printable import tell


def through_hydra(arguments: Sequence[str], job: Callable[[Config], Any]) -> int:
    """Let Hydra parse flags and overrides and call ``job`` for each config.

    A job that fails does not end a sweep; its error is printed.

    Args:
        arguments: the words of the command line, without the program's name.
        job: takes one composed config, not yet validated.

    Returns:
        The exit code: that of the first job that failed, 2 where Hydra refused the command line, else 0.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-cd", "--config-dir")
    ours, words = parser.parse_known_args(arguments)
    *own, package = folders(ours.config_dir)
    codes: list[int] = []

    def each(composed: DictConfig) -> None:
        try:
            with in_our_words([*own, package]):
                config = job_config(composed)
            job(config)
        except FactoryError as error:
            tell(str(error))
            codes.append(error.exit_code)

    program = hydra.main(config_path=str(package), config_name="config", version_base="1.3")(each)
    with before_the_package(own[0] if own else None):
        stopped = _run(program, relax(words, ours.config_dir))
    return next(iter(codes), ConfigError.exit_code if stopped else 0)


def multirun(words: Sequence[str], task: Callable[[DictConfig], Any], config_dir: str | None, config_name: str) -> None:
    """Let Hydra's sweeper turn overrides into jobs, and its launcher run them.

    Args:
        words: overrides, swept or not.
        task: what the launcher calls for a job, or hands over to.

    Raises:
        ConfigError: Hydra refused an override; whatever the launcher raises passes through.
    """
    *own, package = folders(config_dir)
    with (
        in_our_words([*own, package]),
        before_the_package(own[0] if own else None),
        initialize_config_dir(str(package), version_base="1.3", job_name="factory"),
    ):
        program = GlobalHydra.instance().hydra
        if program is not None:
            program.multirun(config_name, task, relax(words, config_dir), with_log_configuration=False)


def _run(program: Callable[[], Any], words: list[str]) -> bool:
    """Call a program that reads ``sys.argv``; whether it left with an error."""
    before = sys.argv
    sys.argv = ["factory", *words]
    try:
        program()
    except SystemExit as stop:
        return bool(stop.code)
    finally:
        sys.argv = before
    return False


def job_config(composed: DictConfig) -> Config:
    """What Hydra gives a job, its node ``hydra`` apart."""
    node = HydraConfig.get()
    overrides = tuple(word.removeprefix("++") for word in node.overrides.task)
    hydra_node = plain(node, resolve=False)  # type: ignore[arg-type]
    tree = plain(composed, resolve=True)
    return Config(tree, node.runtime.output_dir, True, overrides, hydra_node, hydra_node["runtime"]["choices"])
