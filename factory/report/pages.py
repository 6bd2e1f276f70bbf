"""PARENT: the rendering of templates to text: a self-contained HTML page with its charts, or Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from factory.core import markdown
from factory.core.printable import visible_lines
from factory.report import vega
from factory.report.facts import embedded

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
OWN = {"style": "style.css", "script": "charts.js"}  # our files that go into every page unescaped
BY = "\N{MULTIPLICATION SIGN}"


def page(template: str, fields: Mapping[str, Any]) -> str:
    """Return a self-contained HTML page, with the library that draws its charts.

    Args:
        template: file name of the template.
        fields: what it shows; ``charts`` holds every `Chart` of the page.

    Raises:
        ValueError: a field that the template shows is missing.
    """
    own = {name: Markup((TEMPLATES / file).read_text()) for name, file in OWN.items()}  # ours, so it is markup
    script = vega.packed()
    return text(template, {"vega": Markup(script) if script else None, **own, **fields})


def text(template: str, fields: Mapping[str, Any]) -> str:
    """Return a template filled in; values in HTML are escaped, and control characters are made visible.

    Raises:
        ValueError: a field that the template shows is missing.
    """
    try:
        return environment().get_template(template).render(fields)
    except TemplateError as error:
        raise ValueError(str(error)) from error


@cache
def environment() -> Environment:
    """Return the Jinja environment, one for each process, since compiling a template takes 10 ms."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
        finalize=lambda value: value if isinstance(value, Markup) else visible_lines(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "plain": plain,
        "described": described,
        "cell": cell,
        "words": lambda value: markdown.words(plain(value)),
        "block": markdown.block,
        "embedded": lambda value: Markup(embedded(value)),
    }
    return made


def described(node: Mapping[str, Any]) -> str:
    """Return the second line of a node's box: kind, inner layers, output shape, parameters."""
    inside = [f"{node['inside']} layers"] if node["inside"] else []
    parameters = [f"{node['parameters']:,} par."] if node["parameters"] else []
    return " · ".join([node["kind"], *inside, shape(node), *parameters])


def shape(node: Mapping[str, Any]) -> str:
    """Return a node's output shape without the batch axis, as text."""
    return BY.join("?" if size is None else str(size) for size in node["shape"]) or "scalar"


def plain(value: Any) -> str:
    """Return a value as YAML would write it on one line; a string stays as it is.

    >>> plain([1, {"a": None}, "b"])
    '[1, {a: null}, b]'
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {plain(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(plain, value)) + "]" if isinstance(value, list | tuple) else str(value)


def cell(value: Any) -> str:
    """Return a value escaped for a cell of a Markdown table."""
    return markdown.cell(markdown.words(plain(value)))
