"""The catalog is what the installed keras offers, and nothing that could run code is in it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from factory.config.catalog import catalog
from factory.config.catalog.catalog import COMMITTED
from factory.config.schema.declarations import arguments_of, names
from factory.config.schema.strict import refused

NAMESPACES = ["layers", "optimizers", "schedules", "losses", "metrics", "callbacks", "initializers", "regularizers"]
FORBIDDEN = {
    "layers": ["Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer", "Layer", "InputLayer", "Input"],
    "callbacks": ["LambdaCallback", "LearningRateScheduler", "RemoteMonitor", "ModelCheckpoint", "BackupAndRestore"],
    "metrics": ["MeanMetricWrapper"],
}


def test_catalog_of_the_installed_keras_is_committed() -> None:
    assert (COMMITTED / f"keras-{version('keras')}.json").is_file()


def test_dense_says_what_it_takes() -> None:
    dense = catalog.load_catalog().entry("layers", "Dense")
    assert dense is not None and dense.needs is None
    assert dense.args["units"] == catalog.Argument(takes=("int",), required=True, least=1)
    assert dense.args["use_bias"] == catalog.Argument(takes=("bool",), default=True)
    assert dense.args["kernel_initializer"] == catalog.Argument(takes=("initializers",), default="glorot_uniform")


def test_choices_come_from_the_docstring() -> None:
    entry = catalog.load_catalog().entry("layers", "Conv1D")
    assert entry is not None and entry.args["padding"].choices == ("valid", "same", "causal")


@pytest.mark.parametrize(("space", "name"), [(space, name) for space in FORBIDDEN for name in FORBIDDEN[space]])
def test_what_runs_code_or_touches_files_is_not_offered(space: str, name: str) -> None:
    assert name not in catalog.load_catalog().names(space)


@pytest.mark.parametrize("name", ["StringLookup", "TextVectorization", "Hashing", "HashedCrossing", "IntegerLookup"])
def test_layers_that_are_tensorflow_inside_are_flagged(name: str) -> None:
    entry = catalog.load_catalog().entry("layers", name)
    assert entry is not None and entry.needs == "tensorflow"


@pytest.mark.parametrize("space", NAMESPACES)
def test_schema_accepts_every_default_of_keras(space: str) -> None:
    for name in catalog.load_catalog().names(space):
        entry = catalog.load_catalog().entry(space, name)
        assert entry is not None
        defaults = {key: argument.default for key, argument in entry.args.items() if not argument.required}
        faults = [line for line in refused(arguments_of(space, name), defaults, name) if ": missing;" not in line]
        assert faults == []
    assert names(space)


def test_catalogs_of_other_versions_are_kept_in_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert catalog.cache_folder() == tmp_path / "factory"


@pytest.mark.slow
def test_version_without_a_catalog_gets_one_made(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from factory.config.catalog import catalog\n"
        f"catalog.COMMITTED = Path({str(tmp_path / 'none')!r})\n"
        "print('Dense' in catalog.load_catalog().names('layers'), 'keras' in sys.modules)"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], check=True, env=environment, capture_output=True, timeout=120)
    assert done.stdout == b"True False\n"
    assert [path.name for path in (tmp_path / "factory").iterdir()] == [f"keras-{version('keras')}.json"]


@pytest.mark.slow
def test_committed_catalog_is_what_keras_yields(tmp_path: Path) -> None:
    made = tmp_path / "made.json"
    subprocess.run([sys.executable, "-m", "factory.config.catalog.catalog", str(made)], check=True, timeout=120)
    assert made.read_text() == (COMMITTED / f"keras-{version('keras')}.json").read_text()
