"""PARENT: what ``--help`` prints: verbs, groups with their options as they lie on disk, three examples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from factory.config.composition.folders import BLOCKS, config_search_path

INTRODUCTION = """\
Declare a model, its data and its targets; get a trained model and artifacts that are proven to compute the same.

  python -m factory [verb] [group=option …] [key=value …]"""

EXAMPLES = (
    ("train on PyTorch, serve with TensorFlow", "python -m factory model=mlp train.backend=torch"),
    ("a stack of layers on images, in every format", "python -m factory model=cnn data=digits_image deploy=everywhere"),
    (
        "your own table, with your own groups beside ours",
        "python -m factory --config-dir my_conf data=csv data.path=houses.csv data.target=price data.task=regression",
    ),
)


def help_text(verbs: Mapping[str, str], config_dir: str | None = None) -> str:
    """The whole text.

    Args:
        verbs: verb → what it does, in one line.
        config_dir: the user's folder of groups, shown with the package's.
    """
    parts = [INTRODUCTION, "Verbs\n" + columns(verbs)]
    for group, options in groups(config_search_path(config_dir)).items():
        title = "Blocks, which a model uses like layers" if group == BLOCKS else f"{group}="
        parts.append(f"{title}\n{columns(options)}")
    examples = "\n".join(f"  # {what}\n  {command}" for what, command in EXAMPLES)
    more = "Any key of the config may be set: --cfg job prints them all, after the overrides that are given with it."
    return "\n\n".join([*parts, f"Examples\n{examples}", more])


def groups(search_path: list[Path]) -> dict[str, dict[str, str]]:
    """Group → option → its description; a folder that comes first hides the same option of later ones."""
    found: dict[str, dict[str, str]] = {}
    for folder in reversed(search_path):
        for path in sorted(folder.rglob("*.yaml")):
            group = path.parent.relative_to(folder).as_posix()
            if group != ".":
                found.setdefault(group, {})[path.stem] = described(path)
    return {group: dict(sorted(options.items())) for group, options in found.items()}


def described(path: Path) -> str:
    """The second comment line of a YAML; the first is the command that uses it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line.removeprefix("#").strip() for line in lines if line.startswith("#") and not line.startswith("# @")]
    return comments[1] if len(comments) > 1 else ""


def columns(rows: Mapping[str, str]) -> str:
    width = max((len(name) for name in rows), default=0)
    return "\n".join(f"  {name:<{width}}  {text}".rstrip() for name, text in rows.items())
