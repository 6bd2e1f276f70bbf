"""PARENT: Hydra's own commands on our config: sweep (``-m``), print (``--cfg``), explain (``--info``), completion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.plugins.completion_plugin import CompletionPlugin
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf

from factory.config.composition.compose import (
    Config,
    add_blocks,
    compose_or_blame,
    hydra_config,
    plain,
    relax_overrides,
    words_of,
)
from factory.config.composition.environment import mark_secrets, secrets_of
from factory.config.composition.folders import config_search_path
from factory.config.composition.hydra_errors import in_our_words
from factory.config.composition.hydra_node import check_node
from factory.config.composition.overrides import check_overrides
from factory.config.composition.search_path import use_search_path
from factory.config.schema.nodes import with_defaults
from factory.core import messages
from factory.core.errors import ConfigError
from factory.core.printable import say

SHELL_WORDS = ("install", "uninstall", "query")


@contextmanager
def opened(config_dir: str | None, words: Sequence[str] = ()) -> Iterator[Hydra]:
    """Open Hydra on our config search path, inside this context; its errors become ours."""
    search_path = config_search_path(config_dir)
    with (
        in_our_words(search_path, words),
        use_search_path(search_path),
        initialize_config_dir(str(search_path[-1]), version_base="1.3", job_name="factory"),
    ):
        yield GlobalHydra.instance().hydra  # type: ignore[misc]  # it has just been made


def composed_by(program: Hydra, name: str, words: Sequence[str], config_dir: str | None, mode: RunMode) -> DictConfig:
    """Check overrides, then let an opened Hydra compose them."""
    check_overrides(words)
    overrides = relax_overrides(words, config_search_path(config_dir))
    return compose_or_blame(lambda some: program.compose_config(name, list(some), mode), overrides)


def run_sweep(
    words: Sequence[str], task: Callable[[DictConfig], Any], config_dir: str | None, config_name: str
) -> None:
    """Let Hydra's sweeper turn overrides into jobs, and its launcher run them; its callbacks are left out.

    Args:
        words: overrides, swept or not.
        task: what the launcher calls for a job, or hands over to.

    Raises:
        ConfigError: Hydra refused an override; whatever the launcher raises passes through.
    """
    with opened(config_dir, words) as program:
        composed = composed_by(program, config_name, words, config_dir, RunMode.MULTIRUN)
        check_node(composed)
        context = HydraContext(config_loader=program.config_loader, callbacks=Callbacks())
        sweeper = Plugins.instance().instantiate_sweeper(config=composed, hydra_context=context, task_function=task)
        sweeper.sweep(arguments=words_of(composed))


def print_config(
    words: Sequence[str],
    config_dir: str | None,
    config_name: str,
    kind: str,
    package: str | None = None,
    resolve: bool = False,
) -> None:
    """Print the composed config as YAML.

    Args:
        kind: ``job``, ``hydra`` or ``all``.
        package: the part to print.
        resolve: with values in the place of interpolations.
    """
    with opened(config_dir, words) as program:
        composed = composed_by(program, config_name, words, config_dir, RunMode.RUN)
        with hydra_config(composed):
            OmegaConf.set_readonly(composed.hydra, None)
            add_blocks(composed, config_search_path(config_dir))
            shown = program.get_sanitized_cfg(composed, kind)
            part = shown if package in (None, "_global_") else OmegaConf.select(shown, package)
            if part is None:
                raise ConfigError(messages.wrong("--package", package, "a key of the config", [*map(str, shown)]))
            if resolve and OmegaConf.is_config(part):
                OmegaConf.resolve(part)
            say(OmegaConf.to_yaml(part) if OmegaConf.is_config(part) else f"{part}\n", end="")


def print_info(words: Sequence[str], config_dir: str | None, config_name: str, what: str) -> None:
    """Print how Hydra comes to the config.

    Args:
        what: a kind of information that Hydra knows, such as ``defaults``, ``searchpath``, ``plugins``.
    """
    with opened(config_dir, words) as program:
        composed_by(program, config_name, words, config_dir, RunMode.RUN)
        program.show_info(what, config_name, relax_overrides(words, config_search_path(config_dir)))


def print_hydras_help() -> None:
    """Print Hydra's own help, unchanged."""
    with opened(None) as program:
        parser = get_args_parser()
        program.hydra_help(None, parser, parser.parse_args([]))


def complete_in_shell(words: Sequence[str], config_dir: str | None, config_name: str) -> None:
    """Install, remove or answer the completion of a shell, as the word says: ``install=bash``."""
    with opened(config_dir) as program:
        shells: list[Any] = Plugins.instance().discover(CompletionPlugin)
        allowed = [f"{word}={shell.provides()}" for word in SHELL_WORDS for shell in shells]
        if len(words) != 1 or words[0] not in allowed:
            raise ConfigError(messages.wrong("-sc", " ".join(words), f"one of {', '.join(allowed)}", allowed))
        program.shell_completion(config_name, list(words))


def job_config(composed: DictConfig, config_dir: str | None) -> Config:
    """Return the config of a job that Hydra itself launched, without the node ``hydra`` in its tree."""
    add_blocks(composed, config_search_path(config_dir))
    node = HydraConfig.get()
    hydra_node = plain(node, resolve=False)  # type: ignore[arg-type]  # HydraConf stands for a DictConfig
    overrides = tuple(word.removeprefix("++") for word in hydra_node["overrides"]["task"])
    tree = with_defaults(mark_secrets(plain(composed, resolve=True), secrets_of(overrides)))
    choices = hydra_node["runtime"]["choices"]
    return Config(tree, node.runtime.output_dir, True, overrides, hydra_node, choices).guarded()
