"""Reviews of real git repositories."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from factory.config.composition.compose import compose_config
from factory.config.composition.folders import PACKAGE
from factory.config.composition.saved import save_config
from factory.core.errors import ConfigError
from factory.core.rundir import RunDir
from factory.diff.check import check
from factory.diff.command import compare
from factory.diff.impact import Class
from factory.diff.review import Review
from factory.registry.publish import publish
from tests.commands import factory
from tests.diff.repository import Repository, repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return repository(tmp_path)


def review(repo: Repository, *words: str) -> Review:
    return compare(words, str(repo.conf))


def found(review: Review) -> dict[str, Class]:
    return {finding.change.path: finding.cls for finding in review.findings}


def test_nothing_changed(repo: Repository) -> None:
    seen = review(repo)
    assert (seen.names, seen.cls, seen.affected, seen.unmeaning) == (("HEAD", "working tree"), Class.none, (), ())


def test_comments_order_and_formatting_are_none_and_say_so(repo: Repository) -> None:
    repo.edit(
        "optimizer/adam.yaml", "name: Adam\nlearning_rate: 0.001\n", "# slow\nlearning_rate: 1.0e-3\nname: 'Adam'\n"
    )
    seen = review(repo)
    assert (seen.cls, seen.unmeaning) == (Class.none, ("conf/optimizer/adam.yaml",))


def test_default_written_out_is_none(repo: Repository) -> None:
    repo.edit("optimizer/adam.yaml", "learning_rate: 0.001", "learning_rate: 0.001\nbeta_1: 0.9")
    assert review(repo).cls is Class.none


def test_every_affected_composition_is_listed(repo: Repository) -> None:
    repo.edit("optimizer/adamw.yaml", "weight_decay: 0.004", "weight_decay: 0.01")
    (finding,) = review(repo).findings
    assert (finding.change.path, finding.change.old, finding.change.new) == ("optimizer.weight_decay", 0.004, 0.01)
    assert (finding.cls, finding.compositions) == (Class.retrain, ("experiment=cancer_edge", "optimizer=adamw"))


@pytest.mark.slow
def test_two_revisions_and_the_groups_of_each_alone(repo: Repository) -> None:
    repo.edit("train/default.yaml", "epochs: 10", "epochs: 11")
    (repo.conf / "model" / "extra.yaml").write_text("kind: mlp\nhidden: [3]\n")
    repo.commit()
    repo.edit("train/default.yaml", "epochs: 11", "epochs: 99")
    seen = review(repo, "HEAD~1", "HEAD")
    (finding,) = seen.findings
    assert (finding.change.old, finding.change.new) == (10, 11)
    assert seen.statuses == {"model=extra": "added"}


def test_what_no_longer_composes_is_listed_with_its_faults(repo: Repository) -> None:
    repo.edit("experiment/cancer_edge.yaml", "override /optimizer: adamw", "override /optimizer: adamv")
    repo.edit("optimizer/lion.yaml", "weight_decay", "weight_decai")
    seen = review(repo)
    assert seen.statuses == {"experiment=cancer_edge": "broken", "optimizer=lion": "broken"}
    assert seen.cls is Class.broken
    assert "adamv" in seen.problems["experiment=cancer_edge"][0]
    assert seen.problems["optimizer=lion"][0].startswith("optimizer.weight_decai: unknown key")


@pytest.mark.slow
def test_mended_composition(repo: Repository) -> None:
    repo.edit("experiment/cancer_edge.yaml", "override /optimizer: adamw", "override /optimizer: adamv")
    repo.commit()
    repo.edit("experiment/cancer_edge.yaml", "override /optimizer: adamv", "override /optimizer: adamw")
    assert review(repo).statuses == {"experiment=cancer_edge": "mended"}


def test_renamed_and_removed_options(repo: Repository) -> None:
    group = repo.conf / "optimizer"
    (group / "fox.yaml").write_text("name: SGD\nlearning_rate: 0.5\n")
    (group / "owl.yaml").write_text("name: SGD\nlearning_rate: 0.25\n")
    repo.commit()
    (group / "fox.yaml").rename(group / "wolf.yaml")
    (group / "owl.yaml").unlink()
    assert review(repo).statuses == {"optimizer=wolf": "renamed from optimizer=fox", "optimizer=owl": "removed"}


@pytest.mark.slow
def test_groups_of_the_working_tree_do_not_leak_into_a_revision(repo: Repository) -> None:
    """A checkout of the package itself: its own conf/ is what is compared."""
    shutil.copytree(PACKAGE, repo.path / "factory", ignore=shutil.ignore_patterns("__pycache__", "conf"))
    repo.commit()
    (repo.conf / "optimizer" / "lion.yaml").unlink()
    (repo.conf / "optimizer" / "wolf.yaml").write_text("name: SGD\nlearning_rate: 0.5\n")
    environment = {**os.environ, "PYTHONPATH": str(repo.path)}
    command = [sys.executable, "-m", "factory", "diff", "--format", "json"]
    done = subprocess.run(command, cwd=repo.path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    statuses = {label: one["status"] for label, one in json.loads(done.stdout)["statuses"].items()}
    assert statuses == {"optimizer=lion": "removed", "optimizer=wolf": "added"}


def test_another_default_is_found_where_it_shows(repo: Repository) -> None:
    repo.edit("config.yaml", "- optimizer: adam\n", "- optimizer: sgd\n")
    seen = review(repo)
    assert found(seen)["optimizer.name"] is Class.retrain
    assert "default" in seen.affected and "optimizer=lion" not in seen.affected


def test_a_target_that_is_gone_breaks_clients_and_a_new_one_does_not(repo: Repository) -> None:
    repo.edit("deploy/edge.yaml", "[litert]", "[onnx]")
    assert found(review(repo)) == {"deploy.target.litert": Class.contract, "deploy.target.onnx": Class.reexport}


def test_overrides_narrow_to_one_composition(repo: Repository) -> None:
    repo.edit("optimizer/adamw.yaml", "weight_decay: 0.004", "weight_decay: 0.01")
    assert review(repo, "optimizer=sgd").findings == ()
    seen = review(repo, "optimizer=adamw")
    assert (seen.compared, [*found(seen)]) == (1, ["optimizer.weight_decay"])


def test_sides_of_overrides(repo: Repository) -> None:
    seen = review(repo, ":train.epochs=3 seed=1", "HEAD:train.epochs=4 seed=1")
    assert seen.names == ("working tree: train.epochs=3 seed=1", "HEAD: train.epochs=4 seed=1")
    assert found(seen) == {"train.epochs": Class.retrain}


def test_run_and_version_against_the_working_tree(repo: Repository, tmp_path: Path) -> None:
    run = RunDir(tmp_path / "run")
    save_config(compose_config(["seed=3", f"hydra.run.dir={run.path}"], str(repo.conf)), run.config.parent)
    (tmp_path / "made").mkdir()
    claim = run.path / "version.json"
    version = publish(tmp_path / "models", "m", {"onnx": tmp_path / "made"}, {}, claim=claim)["onnx"]
    assert review(repo, str(run.path)).findings == ()
    repo.edit("train/default.yaml", "epochs: 10", "epochs: 11")
    for side in (run.path, version):
        assert found(review(repo, str(side))) == {"train.epochs": Class.retrain}
    run.path.rename(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="the run that published it is gone"):
        review(repo, str(version))


REFUSED = {
    ("mian",): "diff: got 'mian'; takes a git revision, a run folder, a published version or :overrides",
    ("HEAD", "HEAD", "HEAD"): "diff: got HEAD, HEAD, HEAD; takes two sides at most",
    ("model=mlp", "model=cnn"): "diff: got model twice; takes :model=… for a side of its own, model=… for both",
    (":seed='1",): 'diff: got "seed=\'1"; takes overrides, quoted as in a shell: No closing quotation',
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_no_side_is_one_line(words: tuple[str, ...], repo: Repository) -> None:
    with pytest.raises(ConfigError) as caught:
        review(repo, *words)
    assert str(caught.value) == REFUSED[words]


def test_outside_of_git_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{tmp_path} is in no git$"):
        compare([], str(tmp_path))


@pytest.mark.slow
def test_command_prints_markdown_and_json_and_fails_on_a_class(repo: Repository) -> None:
    repo.edit("deploy/edge.yaml", "[litert]", "[onnx]")
    words = ("diff", "--config-dir", str(repo.conf))
    done = factory(*words, "--format", "md", "--fail-on", "contract")
    assert done.code == 6
    assert done.out.startswith(
        "<!-- factory diff -->\n\n### HEAD → working tree: serving contract: clients break; 2 of "
    )
    assert "| **contract** | `deploy.target.litert` | removed " in done.out
    assert done.err == "diff: serving contract: clients break; --fail-on contract\n"
    done = factory(*words, "--format", "json")
    assert done.code == 0
    said = json.loads(done.out)
    assert (said["class"], said["affected"]) == ("contract", ["experiment=cancer_edge", "deploy=edge"])
    repo.edit("deploy/edge.yaml", "[onnx]", "[litert]")
    repo.edit("deploy/edge.yaml", "rows: 256", "rows: 128")
    assert factory(*words, "--fail-on", "contract").code == 0
    assert factory(*words, "--fail-on", "re-export").code == 6


@pytest.mark.slow
def test_a_gate_that_lets_more_pass_can_be_refused(repo: Repository) -> None:
    repo.edit("deploy/target/onnx.yaml", "float32: {absolute: 1.0e-4", "float32: {absolute: 1.0e-2")
    words = ("diff", "--config-dir", str(repo.conf), "deploy/target=[onnx]")
    done = factory(*words, "--fail-on", "gate")
    assert (done.code, done.err) == (6, "diff: gate: what was refused may be published; --fail-on gate\n")
    assert "  deploy.target.onnx.tolerance.float32.absolute  0.0001 → 0.01\n" in done.out
    assert factory(*words, "--fail-on", "contract").code == 0
    assert factory(*words, "--fail-on", "retrain").code == 6


@pytest.mark.slow
def test_check_names_the_file_of_each_fault(repo: Repository) -> None:
    repo.edit("model/cnn.yaml", "filters: 16", "filtres: 16")
    repo.edit("experiment/pair_everywhere.yaml", "epochs: 20", "epochs: 0")
    with pytest.raises(ConfigError) as caught:
        check([], str(repo.conf))
    lines = caught.value.problems
    assert "conf/experiment/pair_everywhere.yaml: train.epochs: got 0; takes an integer of at least 1" in lines
    assert any(line.startswith("conf/model/cnn.yaml: model.layers.conv.Conv2D.filtres: unknown key") for line in lines)
    repo.edit("model/mlp.yaml", "dropout:", "dropuot:")  # of the default, so that nearly every composition has it
    with pytest.raises(ConfigError) as caught:
        check([], str(repo.conf))
    (line,) = (line for line in caught.value.problems if "dropuot" in line)
    assert line.startswith("conf/model/mlp.yaml: model.dropuot: unknown key")
    assert line.endswith(" others have it too")


# ---- with one child process

UNBUILDABLE = (
    "model.nodes.again: Input 0 with name 'None' of layer 'shared' is incompatible with the layer: "
    "expected axis -1 of input shape to have value 96, but received input with shape (None, 64)"
)


@pytest.mark.slow
def test_check_builds_each_model_and_says_what_it_cannot(repo: Repository) -> None:
    done = factory("check", "--config-dir", str(repo.conf))
    sound, *missing = done.out.splitlines()
    assert (done.code, done.err, sound.endswith(" compositions are sound")) == (0, "", True)
    wanted = {
        "data/csv": "'credit.csv'; takes a file",
        "data/images": "'photos/'; takes a folder",
        "data/npz": "'pairs.npz'; takes a file",
        "data/parquet": "'credit.parquet'; takes a file",
        "model/unet": "'photos/'; takes a folder",
    }
    assert missing == [
        f"not built: conf/{name}.yaml: data.path: got {file} that exists" for name, file in wanted.items()
    ]
    repo.edit("model/graph.yaml", "wide: {Dense: {units: 64", "wide: {Dense: {units: 96")
    done = factory("check", "--config-dir", str(repo.conf))
    assert (done.code, done.out, done.err) == (2, "", f"conf/model/graph.yaml: {UNBUILDABLE}\n")
    done = factory("check", "--config-dir", str(repo.conf), "model=graph", "data=digits")
    assert (done.code, done.err) == (2, f"{UNBUILDABLE}\n")


@pytest.mark.slow
def test_a_model_that_no_longer_builds_is_worse_than_any_other_change(repo: Repository) -> None:
    shutil.copy(repo.conf / "model" / "graph.yaml", repo.conf / "model" / "other.yaml")
    repo.edit("model/other.yaml", "wide: {Dense: {units: 64", "wide: {Dense: {units: 96")
    repo.edit("model/graph.yaml", "wide: {Dense: {units: 64", "wide: {Dense: {units: 96")
    seen = review(repo)
    assert seen.statuses == {"model=graph": "no longer builds", "model=other": "does not build"}
    assert seen.problems == dict.fromkeys(seen.statuses, (UNBUILDABLE,))
    assert (seen.cls, seen.layers) == (Class.broken, ())
    done = factory("diff", "--config-dir", str(repo.conf), "--fail-on", "contract", "model=graph")
    assert (done.code, done.err) == (6, "diff: broken: no longer composes or builds; --fail-on contract\n")
    assert f"default: no longer builds\n  {UNBUILDABLE}\n" in done.out
    repo.commit()
    repo.edit("model/graph.yaml", "narrow: {Dense: {units: 16", "narrow: {Dense: {units: 17")
    assert review(repo).cls is Class.retrain  # what did not build before is no news


@pytest.mark.slow
def test_a_model_that_fails_on_other_data_alone_is_found(repo: Repository) -> None:
    """Compositions that change alike are shown once, and each is built."""
    text = "kind: layers\nlayers:\n  flat: Flatten\n  head: {Dense: {units: 10, activation: softmax}}\n"
    (repo.conf / "model" / "mlp.yaml").write_text(text)
    broken = {label for label, status in review(repo).statuses.items() if status == "no longer builds"}
    assert "data=iris" in broken and "default" not in broken


@pytest.mark.slow
def test_architecture_side_by_side(repo: Repository) -> None:
    repo.edit("model/cnn.yaml", "  deeper: {Conv2D: {filters: 32", "  second: {Conv2D: {filters: 32")
    repo.edit("model/cnn.yaml", "filters: 16", "filters: 24")
    seen = review(repo)
    assert found(seen) == {"model.layers.conv.Conv2D.filters": Class.retrain, "model.layers.second": Class.operational}
    (layers,) = seen.layers
    assert layers.compositions == ("data=digits_image", "data=images", "model=cnn")
    assert [(row.verb, row.name) for row in layers.rows] == [
        ("changed", "conv"),
        ("changed", "pool"),
        ("renamed", "deeper → second"),
        ("same", "mean"),
        ("same", "head"),
    ]
    conv = layers.rows[0]
    assert conv.old == {"name": "conv", "kind": "Conv2D", "shape": [8, 8, 16], "parameters": 160, "flops": 18432}
    assert conv.new == {"name": "conv", "kind": "Conv2D", "shape": [8, 8, 24], "parameters": 240, "flops": 27648}
    assert layers.totals["parameters"] == (5130, 7514)


@pytest.mark.slow
def test_signature_is_measured_on_both_sides(repo: Repository) -> None:
    seen = review(repo, "model=mlp", ":data.image=false", ":data.image=true")
    assert found(seen) == {
        "data.image": Class.contract,
        "signature.inputs.pixels": Class.contract,
        "signature.inputs.image": Class.contract,
    }


@pytest.mark.slow
def test_other_rows_of_the_same_form_break_no_client(repo: Repository, tmp_path: Path) -> None:
    for name, price in (("old", "1"), ("same", "1"), ("new", "2")):
        rows = "".join(f"{n},{n * 2},{price}{n}\n" for n in range(20))
        (tmp_path / f"{name}.csv").write_text(f"a,b,price\n{rows}")
    words = ("data=csv", "data.target=price", "data.task=regression", "name=prices")

    def side(name: str) -> str:
        return f":data.path={tmp_path}/{name}.csv"

    assert found(review(repo, *words, side("old"), side("new"))) == {"data.path": Class.retrain}
    assert found(review(repo, *words, side("old"), side("same"))) == {"data.path": Class.operational}
    seen = review(repo, *words, side("old"), side("missing"))
    assert seen.layers[0].note is not None and "takes a file that exists" in seen.layers[0].note
    assert found(seen) == {"data.path": Class.retrain}


FLOPS = {
    "model=rnn": {"gru": 2 * 8 * (8 * 96 + 32 * 96)},
    "model=attention": {"attended": 2 * 4 * 8 * 32 * 32 + 4 * 8 * 8 * 32, "tokens": 2 * 8 * 8 * 32},
    "model=graph": {"shared": 2 * 2 * 64 * 32},
}


@pytest.mark.slow
def test_flops_of_recurrence_attention_and_a_layer_that_is_used_twice(tmp_path: Path) -> None:

    from factory.diff.layer_tables import describe_models_or_errors

    trees = [compose_config([word, "data=digits"]).tree for word in FLOPS]
    for counted, described in zip(FLOPS.values(), describe_models_or_errors(trees, tmp_path), strict=True):
        layers = {layer["name"]: layer["flops"] for layer in described["layers"]}
        assert {name: layers[name] for name in counted} == counted


@pytest.mark.slow
def test_every_model_of_conf_is_described_as_it_is_built(tmp_path: Path) -> None:
    from factory.config.composition.folders import package_conf
    from factory.diff.compositions import offered, words
    from factory.diff.layer_tables import describe_models_or_errors

    models = {label: chosen for label, chosen in offered([package_conf()]).items() if label.startswith("model=")}
    described = describe_models_or_errors([compose_config(words(chosen)).tree for chosen in models.values()], tmp_path)
    faults = {label: one["error"] for label, one in zip(models, described, strict=True) if "error" in one}
    assert [*faults] == ["model=unet"]  # on images of the user's own
    built = [one for one in described if "error" not in one]
    assert all(sum(layer["parameters"] for layer in one["layers"]) >= one["parameters"] > 0 for one in built)
