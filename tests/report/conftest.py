"""Real runs to report on, and a browser to look with; where there is none, its tests are deselected and it is said."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands import Done, factory

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
deselected: list[str] = []

POOLED = """\
kind: layers
layers:
  pool: {AveragePooling2D: {pool_size: 3, strides: 2, padding: same}}
  flat: Flatten
  head: {Dense: {units: "${data.classes}", activation: softmax}}
"""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        without = [item for item in items if item.get_closest_marker("browser")]
        deselected.extend(item.nodeid for item in without)
        items[:] = [item for item in items if item not in without]
        config.hook.pytest_deselected(items=without)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if deselected:
        terminalreporter.section("not run: no Chromium on this machine", yellow=True)
        terminalreporter.write_line("\n".join(deselected))


@dataclass(frozen=True)
class Ran:
    """A run that a test made, and what the command said."""

    path: Path
    done: Done


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """A classification, a regression, a graph with two outputs, one that the gate refuses, one that diverges."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "conf" / "model").mkdir(parents=True)
    (folder / "conf" / "model" / "pooled.yaml").write_text(POOLED)
    refused = [f"--config-dir={folder}/conf", "model=pooled", "data=digits_image", "train.backend=torch"]
    asked = {
        "digits": ["model=mlp", "train.backend=jax", "train.epochs=3", "optimizer.learning_rate=0.01"],
        "diabetes": ["data=diabetes", "train.backend=jax", "train.epochs=3", "model.standardize=true"],
        "pair": ["model=multi", "data=synthetic_multi", "train.backend=jax", "deploy=none", "train.epochs=2"],
        "refused": [*refused, "train.epochs=1"],
        "diverged": ["data=diabetes", "optimizer=sgd", "optimizer.learning_rate=1e30", "train.backend=jax"],
    }
    found = {}
    for name, words in asked.items():
        path = folder / "outputs" / name
        done = factory(*words, f"hydra.run.dir={path}", f"models={folder}/outputs/models", cwd=folder)
        found[name] = Ran(path, done)
    return found
