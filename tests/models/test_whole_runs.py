"""Every model YAML is trained, deployed and published, on each backend: what is in conf/model works out of the box."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from factory.core.backends import BACKENDS
from tests.commands import ROOT, factory
from tests.models.test_recipes import RECIPES

pytestmark = pytest.mark.slow

ALL = {path.stem: path for path in sorted((ROOT / "conf" / "model").glob("*.yaml"))}
YAMLS = {name: path for name, path in ALL.items() if name not in RECIPES}  # test_recipes.py runs those, small


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sweep of all models, each on the data that the command in its first line names, and all backends."""
    folder = tmp_path_factory.mktemp("every_model")
    conf = folder / "conf" / "experiment"
    conf.mkdir(parents=True)
    for name, path in YAMLS.items():
        chosen = dict(re.findall(r"\b(model|data)=(\w+)", path.read_text(encoding="utf-8").splitlines()[0]))
        lines = [f"  - override /{group}: {choice}" for group, choice in ({"data": "digits"} | chosen).items()]
        (conf / f"{name}.yaml").write_text("\n".join(["# @package _global_", "defaults:", *lines]) + "\n")
    words = ["--config-dir", str(conf.parent), "-m", f"experiment={','.join(YAMLS)}"]
    words += [f"train.backend={','.join(BACKENDS)}", "train.epochs=1"]
    words += ["train.batch_size=256", f"models={folder / 'models'}", f"hydra.sweep.dir={folder / 'sweep'}"]
    done = factory(*words, timeout=1200)
    (folder / "out.txt").write_text(done.out + done.err)
    return folder


def results(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Model and backend → target → how it ended."""
    found = {}
    for report in sorted((folder / "sweep").glob("*/train/report.json")):
        run = report.parent.parent
        overrides = (run / ".hydra" / "overrides.yaml").read_text()
        model = re.findall(r"experiment=(\w+)", overrides)[0]
        reports = [json.loads(path.read_text()) for path in run.glob("*/*/report.json")]
        ended = {one["target"]: one["error"] or one["status"] for one in reports if "target" in one}
        found[model, json.loads(report.read_text())["backend"]] = ended
    return found


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("model", YAMLS)
def test_a_model_of_conf_is_published_on_each_backend(sweep: Path, model: str, backend: str) -> None:
    found = results(sweep).get((model, backend))
    assert found == {"saved_model": "passed"}, (sweep / "out.txt").read_text()[-4000:]


def test_a_layer_of_ours_is_deployed_by_every_export_backend(tmp_path: Path) -> None:
    words = ["model=attention", "data=digits", "train.backend=jax", "train.epochs=1", "train.batch_size=256"]
    words += ["deploy/target=[onnx,torch_export]", "deploy.backend=torch", "deploy.require.baseline=false"]
    done = factory(*words, f"models={tmp_path / 'models'}", f"hydra.run.dir={tmp_path / 'run'}")
    assert done.code == 0, done.out + done.err
    assert sorted(path.name for path in (tmp_path / "models").glob("[!.]*")) == ["onnx", "torch_export"]
