"""Plug-ins of a project and of installed packages are found by lying there, and are known to the parent unimported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from factory.config import plugins
from factory.config.composition.compose import compose_config
from factory.config.load import load_config, validate_config
from factory.config.plugins import KINDS, VARIABLE, plugins_of, sources_of, use_project, used_plugins
from factory.config.schema import json_schema
from factory.config.schema import plugins as schema
from factory.config.schema.plugins import file_options
from factory.core.errors import ConfigError
from factory.diff.impact import Class, class_of
from factory.diff.tree_changes import Change
from factory.pipeline.plan import Plan
from tests.commands import factory

NEVER = "raise SystemExit('a plug-in was imported by the parent')\n"
CLASS = NEVER + "class {}:\n    def __init__(self, *, {}, **base): ...\n"
FILES = {
    "models/kinds/twin.py": f"{NEVER}def build(spec, *, width: int = 8, activation: Activation = 'relu'): ...\n",
    "layers/soft_gate.py": CLASS.format("SoftGate", "start: float = 0.0"),
    "losses/pinball.py": CLASS.format("Pinball", "quantile: float = 0.5"),
    "metrics/within.py": CLASS.format("Within", "limit: float = 1.0"),
    "callbacks/pause.py": CLASS.format("Pause", "seconds: float"),
    "data/sources/waves.py": f"{NEVER}def read(*, path: FilePath | None = None, rows: int = 10): ...\n",
    "export/targets/weights.py": f"{NEVER}def export(model, signature, folder, *, level: int = 1): ...\n",
    "trackers/diary.py": f"{NEVER}def connect(*, file: str = 'diary.txt'): ...\n",
    "conf/data/waves.yaml": "source: waves\nrows: 5\nsplit: {validation: 0.2}\n",
    "conf/model/twin.yaml": "kind: twin\nwidth: 4\n",
    "conf/model/gated.yaml": "kind: layers\nlayers:\n  gate: {SoftGate: {start: 1}}\n  y: {Dense: {units: 1}}\n",
    "conf/deploy/target/weights.yaml": (
        "weights:\n  routes: {torch: []}\n  tolerance: {float32: {absolute: 0, relative: 0}}\n"
    ),
    "conf/tracker/diary.yaml": "kind: diary\n",
}
MODEL = ["model=gated", "data=waves"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def refusals(*words: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(list(words))
    return caught.value.problems


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_in_the_folder_of_its_kind_is_registered(project: Path, kind: str) -> None:
    own = [plugin for plugin in plugins_of(kind).values() if not plugin.ours]
    assert [plugin.path for plugin in own] == [project / name for name in FILES if name.startswith(f"{kind}/")]


def test_groups_and_names_of_a_project_compose_and_validate(project: Path) -> None:
    words = ["train.loss={Pinball: {quantile: 0.9}}", "train.metrics=[{Within: {limit: 2}}]"]
    words += ["train.callbacks=[{Pause: {seconds: 1}}]", "deploy/target=[weights]", "tracker=diary"]
    validate_config(compose_config([*MODEL, *words]).tree)
    validate_config(compose_config(["model=twin", "data=waves"]).tree)


def test_arguments_of_a_project_are_checked_as_ours_are(project: Path) -> None:
    assert refusals(*MODEL, "model.layers.gate.SoftGate={star: 1}", "train.loss={Pinball: {quantile: high}}") == [
        "model.layers.gate.SoftGate.star: unknown key; takes start, trainable, dtype; did you mean 'start'?",
        "train.loss.Pinball.quantile: got 'high'; takes a number",
    ]
    done = factory("--project", str(project), "model=twin", "model.widht=3", "train.loss=Pinbal")
    assert (done.code, done.err.splitlines()) == (
        2,
        [
            "model.widht: unknown key; takes kind, width, activation; did you mean 'width'?",
            "train.loss: got 'Pinbal'; takes auto or a loss of keras.losses; did you mean 'Pinball'?",
        ],
    )


@pytest.mark.slow
def test_the_schema_for_editors_knows_a_project(project: Path) -> None:
    text = json_schema.text({})
    assert all(f'"{word}"' in text for word in ("twin", "SoftGate", "quantile", "Within", "Pause", "waves", "weights"))


def test_a_name_that_keras_or_this_package_has_is_refused(project: Path) -> None:
    (project / "layers" / "dense.py").write_text("class Dense: ...\n")
    assert refusals(*MODEL) == [f"{project}/layers/dense.py: keras.layers has a Dense already; give yours another name"]


def test_a_name_of_two_roots_is_refused(project: Path) -> None:
    (project / "data" / "sources" / "csv.py").write_text("def read(*, path: str): ...\n")
    said = f"data/sources: csv is offered by factory and by the project {project}; rename one"
    assert refusals(*MODEL) == [said]


def test_a_file_that_is_no_python_is_one_line(project: Path) -> None:
    (project / "layers" / "soft_gate.py").write_text("class SoftGate(:\n")
    (line,) = refusals(*MODEL)
    assert line.startswith(f"{project}/layers/soft_gate.py: not Python: ")


def keys(project: Path, edit: Callable[[], object], *words: str) -> list[str]:
    def key() -> str:
        return Plan(compose_config([*MODEL, *words]).tree).train_key

    before = key()
    edit()
    return [before, key()]


def test_an_edited_plugin_that_a_training_uses_changes_its_key(project: Path) -> None:
    helper = project / "gates.py"
    helper.write_text("x = 1\n")
    layer = project / "layers" / "soft_gate.py"
    layer.write_text("from factory_project.gates import x\n" + layer.read_text())
    tree = compose_config(MODEL).tree
    assert [plugin.name for plugin in used_plugins(tree)] == ["waves", "SoftGate"]
    assert sources_of(plugins_of("layers")["SoftGate"]) == [helper, layer]
    before, after = keys(project, lambda: helper.write_text("x = 2\n"))
    assert before != after
    before, after = keys(project, lambda: (project / "losses" / "pinball.py").write_text("class Pinball: ...\n"))
    assert before == after


def test_a_folder_of_data_whose_files_change_changes_the_key(project: Path) -> None:
    assert file_options("data/sources", "waves") == ("path",) == file_options("data/sources", "csv")
    folder = project / "parts"
    folder.mkdir()
    (folder / "1.csv").write_text("1")
    before, after = keys(project, lambda: (folder / "2.csv").write_text("2"), f"data.path={folder}")
    assert before != after


@pytest.mark.slow
def test_the_working_folder_is_a_project_where_it_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    done = factory("--cfg", "job", "model=twin", cwd=project)
    assert done.code == 2 and "model: got 'twin'" in done.err
    assert factory("--cfg", "job", "model=twin", "--project", str(project)).code == 0
    (project / "factory.project").touch()
    done = factory("--cfg", "job", "model=twin", cwd=project)
    assert done.code == 0 and "kind: twin" in done.out, done.err
    assert "twin" in factory("--help", cwd=project).out


def test_a_project_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ConfigError, match=r"^--project: got 'nowhere'; takes a folder of plug-ins and conf/$"):
        use_project("nowhere")


def test_an_installed_package_offers_plugins_by_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's metadata and folders are those that pip would lay down; the package itself is not imported."""
    package = tmp_path / "acme_plugins"
    (package / "layers").mkdir(parents=True)
    (package / "__init__.py").write_text(NEVER)
    (package / "layers" / "acme_gate.py").write_text("class AcmeGate: ...\n")
    (package / "conf" / "model").mkdir(parents=True)
    (package / "conf" / "model" / "acme.yaml").write_text(
        "kind: layers\nlayers: {gate: AcmeGate, y: {Dense: {units: 1}}}\n"
    )
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[factory.plugins]\nacme = acme_plugins\n")
    done = factory("--cfg", "job", "model=acme", path=tmp_path)
    assert done.code == 0 and "gate: AcmeGate" in done.out, done.err


def test_a_plugin_declares_what_a_change_of_its_options_means_for_clients(project: Path) -> None:
    source = project / "data" / "sources" / "waves.py"
    change = Change("data.height", "set", 1, 2)
    assert class_of(change) is Class.retrain
    source.write_text("EFFECTS = {'height': 'contract'}\n\ndef read(*, height: int = 1): ...\n")
    assert forgotten() and class_of(change) is Class.contract
    source.write_text("EFFECTS = {'height': 'none'}\n\ndef read(*, height: int = 1): ...\n")
    with pytest.raises(ConfigError) as refused:
        assert forgotten() and class_of(change)
    says = "EFFECTS: got {'height': 'none'}; takes option → signature or contract"
    assert refused.value.problems == [f"{source}: {says}"]


def forgotten() -> bool:
    """Forget what was read of plug-ins, which do not change while a command runs."""
    plugins.syntax.cache_clear()
    schema._effects.cache_clear()
    return True


def test_a_kind_of_a_project_has_nodes_where_it_says_so(project: Path) -> None:
    kind = project / "models" / "kinds" / "twin.py"
    kind.write_text(f"{NEVER}def build(spec, *, nodes: dict[str, Node], outputs: dict[str, str]): ...\n")
    (project / "conf" / "model" / "twin.yaml").write_text(
        "kind: twin\nnodes: {a: {Dense: {units: 1}, from: nowhere}}\noutputs: {y: b}\n"
    )
    said = " ".join(refusals("model=twin", "data=digits"))
    assert "nowhere" in said and "model.outputs.y" in said


def test_an_option_of_a_type_that_no_yaml_has_is_one_line(project: Path) -> None:
    (project / "data" / "sources" / "waves.py").write_text("def read(*, rows: complex = 1): ...\n")
    (line,) = refusals(*MODEL)
    assert line.startswith(f"{project}/data/sources/waves.py, read(…, rows): annotated complex; takes the types of ")
