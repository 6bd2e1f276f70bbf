"""What a config may be, and the exact words in which anything else is refused."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

from factory.cli.help import groups, help_text
from factory.config.composition.compose import Config, compose_config, relax_overrides
from factory.config.composition.folders import package_conf
from factory.config.composition.saved import reload_config, save_config
from factory.config.load import validate_config
from factory.config.packages import check_packages, needs_tensorflow
from factory.core.errors import ConfigError, MissingPackage
from factory.core.names import NAME_WORDS
from factory.core.rundir import RunDir

YAMLS = sorted(package_conf().rglob("*.yaml"))


def command(path: Path) -> list[str]:
    """The overrides in a YAML's first comment line."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("# @")]
    prefix = "# python -m factory "
    assert lines[0].startswith(prefix), f"{path}: begins with {lines[0]!r}"
    return shlex.split(lines[0].removeprefix(prefix))


def faults(*overrides: str, config_dir: Path | None = None) -> list[str]:
    """Every line in which these overrides are refused."""
    folder = None if config_dir is None else str(config_dir)
    try:
        validate_config(compose_config(list(overrides), folder).tree)
    except ConfigError as error:
        return error.problems
    return []


# ---- conf/


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.relative_to(package_conf()).as_posix())
def test_command_at_the_head_of_every_yaml_is_accepted(path: Path) -> None:
    assert faults(*command(path)) == []


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.relative_to(package_conf()).as_posix())
def test_command_at_the_head_of_every_yaml_uses_it(path: Path) -> None:
    group = path.parent.relative_to(package_conf()).as_posix()
    words = " ".join(command(path))
    uses = f"model.blocks.{path.stem}." if group == "model/block" else f"{group}="
    assert group == "." or path.stem in ("default",) or uses in words
    assert group == "." or path.stem in ("default",) or path.stem in words


# ---- composing


def test_default_tree_is_plain_and_resolved() -> None:
    composed = compose_config([])
    assert composed.tree["name"] == "mlp-digits"
    assert composed.tree["data"]["classes"] == "<data.classes>"
    assert "hydra" not in composed.tree
    assert composed.choices["model"] == "mlp"
    assert composed.run_dir.startswith("outputs/") and not composed.run_dir_given


def test_given_run_folder_is_known_to_be_given() -> None:
    composed = compose_config(["hydra.run.dir=somewhere"])
    assert (composed.run_dir, composed.run_dir_given) == ("somewhere", True)


def test_composing_leaves_no_global_state() -> None:
    compose_config(["model=cnn"])
    assert not GlobalHydra.instance().is_initialized()
    assert not HydraConfig.initialized()
    assert compose_config([]).tree["model"]["kind"] == "mlp"


def test_values_are_relaxed_and_groups_are_not() -> None:
    typed = ["model=mlp", "model.hidden=[3]", "deploy/target=[onnx]", "hydra.run.dir=x", "+a=1", "~train", "modle=x"]
    relaxed = ["model=mlp", "++model.hidden=[3]", *typed[2:6], "++modle=x"]
    assert relax_overrides(typed, [package_conf()]) == relaxed


def test_users_folder_extends_and_wins(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mlp.yaml").write_text("kind: mlp\nhidden: [7]\n")
    (tmp_path / "model" / "mine.yaml").write_text("kind: mlp\nhidden: [9]\n")
    assert compose_config(["model=mlp"], str(tmp_path)).tree["model"]["hidden"] == [7]
    mine = compose_config(["model=mine"], str(tmp_path))
    assert (mine.tree["model"]["hidden"], mine.tree["name"]) == ([9], "mine-digits")
    assert "mine" in help_text({}, str(tmp_path))


def test_experiment_needs_no_plus() -> None:
    assert compose_config(["experiment=pair_everywhere"]).tree["name"] == "pair"


def test_saved_config_comes_back(tmp_path: Path) -> None:
    composed = compose_config(["model.hidden=[5]"])
    run = RunDir(tmp_path / "run")
    save_config(composed, run.config.parent)
    again = reload_config(run)
    expected = Config(composed.tree, str(run.path), True, composed.overrides, composed.hydra, composed.choices)
    assert again == expected


# ---- the words of a refusal

REFUSED = {
    "modle=mlp": "modle: unknown key; takes name, models, seed, model, data, optimizer, train, deploy, tracker, "
    "publish; did you mean 'model'?",
    "model.hiden=[3]": "model.hiden: unknown key; takes kind, hidden, activation, dropout, normalization, standardize; "
    "did you mean 'hidden'?",
    "model.hidden=[3,x]": "model.hidden[1]: got 'x'; takes an integer of at least 1",
    "model.hidden=3": "model.hidden: got 3; takes a list, each an integer of at least 1",
    "model.hidden=[true]": "model.hidden[0]: got True; takes an integer of at least 1",
    "model.hidden=['<data.clases>']": "model.hidden[0]: got '<data.clases>'; takes an integer of at least 1; "
    "did you mean '<data.classes>'?",
    "model.activation=rellu": "model.activation: got 'rellu'; takes an activation of keras.activations or a list, "
    "each an activation of keras.activations; did you mean 'relu'?",
    "model.dropout=1": "model.dropout: got 1; takes a number of at least 0 and below 1",
    "train.backend=pytorch": "train.backend: got 'pytorch'; takes jax, tensorflow, torch; did you mean 'torch'?",
    "train.epochs=0": "train.epochs: got 0; takes an integer of at least 1",
    "train.batch_size='32'": "train.batch_size: got '32'; takes an integer of at least 1",
    "data.split.validation=1": "data.split.validation: got 1; takes a number between 0 and 1, both excluded",
    "seed=-1": "seed: got -1; takes an integer of at least 0",
    "name=a/b": f"name: got 'a/b'; takes {NAME_WORDS}",
    "name=..": f"name: got '..'; takes {NAME_WORDS}",
    f"name={'a' * 300}": f"name: got '{'a' * 78}…; takes {NAME_WORDS}",
    "models=''": "models: got ''; takes the path of a folder",
    f"models=a/{'b' * 300}": f"models: got 'a/{'b' * 76}…; takes the path of a folder",
    "optimizer.name=Adamm": "optimizer.name: got 'Adamm'; takes an optimizer of keras.optimizers; did you mean 'Adam'?",
    "optimizer.beta_1=high": "optimizer.beta_1: got 'high'; takes a number",
    "optimizer.learning_rate={ExponentialDecy: {}}": "optimizer.learning_rate: got 'ExponentialDecy'; "
    "takes a schedule of keras.optimizers.schedules; did you mean 'ExponentialDecay'?",
    "train.loss={MeanSquaredEror: {}}": "train.loss: got 'MeanSquaredEror'; takes a loss of keras.losses; "
    "did you mean 'MeanSquaredError'?",
    "train.loss=MeanSquaredError": "train.loss: got 'MeanSquaredError'; "
    "takes a loss that fits the data's task, classification",
    "train.metrics=[mae]": "train.metrics[0]: got 'mae'; takes a metric that fits the data's task, classification",
    "train.loss={digits: Poisson}": "train.loss.digits: unknown key; takes digit; did you mean 'digit'?",
    "train.callbacks=[{EarlyStopping: {patience: '3'}}]": "train.callbacks[0].EarlyStopping.patience: got '3'; "
    "takes an integer",
    "train.callbacks=[LambdaCallback]": "train.callbacks[0]: got 'LambdaCallback'; takes a callback",
    "train.callbacks=[SwapEMAWeights]": "train.callbacks[0]: got 'SwapEMAWeights'; takes optimizer.use_ema=true",
    "deploy.target.saved_model.routes.onnx=[]": "deploy.target.saved_model.routes.onnx: unknown key; "
    "takes jax, tensorflow, torch",
    "deploy.target.saved_modl={}": "deploy.target.saved_modl: unknown key; "
    "takes litert, onnx, openvino, saved_model, torch_export; did you mean 'saved_model'?",
    # Hydra's own errors, in our words
    "model=mpl": "model: got 'mpl'; takes application, attention, augmented, cnn, graph, inception, mlp, multi, "
    "resnet20, rnn, …; did you mean 'mlp'?",
    "deploy/target=[onx]": "deploy/target: got 'onx'; takes litert, onnx, openvino, saved_model, torch_export; "
    "did you mean 'onnx'?",
    "model.hidden=${nope}": "model.hidden: Interpolation key 'nope' not found",
    "seed=[": "seed: got '['; takes a value as Hydra writes it: brackets in pairs, other characters in quotes",
    "model.hidden.foo=3": "model.hidden.foo: got '3'; takes what its place can hold; "
    "invalid literal for int() with base 10: 'foo'",
    "~optimizer": "optimizer: missing; takes a mapping",
}


@pytest.mark.parametrize("override", REFUSED)
def test_refusal_says_where_what_and_the_nearest(override: str) -> None:
    assert faults(override) == [REFUSED[override]]


STACKED = {
    "{Dense: {unit: 3}}": [
        "model.layers.head.Dense.units: missing; takes an integer of at least 1",
        "model.layers.head.Dense.unit: unknown key; takes units, activation, use_bias, kernel_initializer, "
        "bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint, "
        "bias_constraint, …; did you mean 'units'?",
    ],
    "Conv2d": ["model.layers.head: got 'Conv2d'; takes a layer of keras.layers; did you mean 'Conv2D'?"],
    "{Lambda: {function: 'print'}}": ["model.layers.head: got 'Lambda'; takes a layer of keras.layers"],
    "{Conv1D: {filters: 2, kernel_size: [3, a], padding: sam}}": [
        "model.layers.head.Conv1D.kernel_size: got [3, 'a']; takes a list of integers",
        "model.layers.head.Conv1D.padding: got 'sam'; takes valid, same, causal; did you mean 'same'?",
    ],
    "{Bidirectional: {layer: {LSTM: {units: two}}}}": [
        "model.layers.head.Bidirectional.layer.LSTM.units: got 'two'; takes an integer of at least 1"
    ],
    "{Dense: {units: 3, kernel_regularizer: {L2: {l1: 0.1}}}}": [
        "model.layers.head.Dense.kernel_regularizer.L2.l1: unknown key; takes l2; did you mean 'l2'?"
    ],
    "{Dropout: {rate: 1.0}}": ["model.layers.head.Dropout.rate: got 1.0; takes a number of at least 0 and below 1"],
    "{Dense: {units: '<data.classes>'}}": [],
    "{Reshape: {target_shape: '<data.shape>'}}": [],
    "{PositionEmbedding: {initialiser: zeros}}": [
        "model.layers.head.PositionEmbedding.initialiser: unknown key; takes initializer, trainable, dtype; "
        "did you mean 'initializer'?"
    ],
}


@pytest.mark.parametrize("declared", STACKED)
def test_layers_are_checked_down_to_their_arguments(declared: str, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text(f"kind: layers\nlayers: {{head: {declared}}}\n")
    assert faults("model=mine", config_dir=tmp_path) == STACKED[declared]


def test_override_that_adds_a_second_layer_says_how_to_take_the_first_away() -> None:
    dropout = "model.layers.head={Dropout: {rate: 0.5}}"
    (line,) = faults("model=rnn", dropout)
    assert line.endswith(
        "takes a layer of keras.layers, one alone; an override adds to what is there, ~<key>.Dense takes away"
    )
    assert faults("model=rnn", "~model.layers.head.Dense", dropout) == []


GRAPHS = {
    "model.nodes.head.from=bth": "model.nodes.head.from: got 'bth'; takes wide, narrow, widened, shared, again, both, "
    "head, pixels, image; did you mean 'both'?",
    "model.nodes.both={Concatenate: {}, from: [shared, agin]}": "model.nodes.both.from[1]: got 'agin'; takes wide, "
    "narrow, widened, shared, again, both, head, pixels, image; did you mean 'again'?",
    "model.nodes.wide.from=shared": "model.nodes: cycle: wide → shared → wide; takes a graph without a cycle",
    "model.nodes.loose={Flatten: {}, from: wide}": "model.nodes.loose: never used; "
    "takes a place in another node's from, or in outputs",
    "model.outputs={digit: hed}": "model.outputs.digit: got 'hed'; takes wide, narrow, widened, shared, again, both, "
    "head; did you mean 'head'?",
    "model.outputs={digt: head}": "model.outputs.digt: unknown key; takes digit; did you mean 'digit'?",
    "model.nodes.loose={Flatten: {}, form: wide}": "model.nodes.loose.form: unknown key; takes from, same_as, "
    "repeat, first, last, each, skip; did you mean 'from'?",
    "model.nodes.pixels={Flatten: {}, from: wide}": "model.nodes.pixels: got 'pixels'; "
    "takes a name that no input of the data has",
    "model.nodes._loose={Flatten: {}, from: wide}": "model.nodes._loose: got '_loose'; "
    "takes a Python identifier that begins with a letter",
}


@pytest.mark.parametrize("override", GRAPHS)
def test_graphs_are_checked_down_to_their_wiring(override: str) -> None:
    assert GRAPHS[override] in faults("model=graph", override)


def test_all_faults_come_at_once() -> None:
    assert faults("model.hiden=[3]", "train.epochs=0", "train.loss=Poisson", "data.spilt=1", "optimizer.clip=1") == [
        "model.hiden: unknown key; takes kind, hidden, activation, dropout, normalization, standardize; "
        "did you mean 'hidden'?",
        "data.spilt: unknown key; takes source, split, scale_target, requires, extra, classes, features, shape, "
        "positive, signature, …; did you mean 'split'?",
        "optimizer.clip: unknown key; takes learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, "
        "clipvalue, global_clipnorm, use_ema, …; did you mean 'clipnorm'?",
        "train.epochs: got 0; takes an integer of at least 1",
    ]


def test_what_must_be_given_is_named_with_what_it_takes() -> None:
    assert faults("data=csv") == [
        "data.path: missing; takes a string",
        "data.target: missing; takes a string or a list, each a string or a mapping, each value classification, "
        "regression",
    ]


def test_class_weight_wants_classes() -> None:
    assert faults("data=diabetes", "train.class_weight=balanced") == [
        "train.class_weight: got 'balanced'; takes null: the data's task is regression"
    ]


def test_devices_share_a_batch_evenly() -> None:
    assert faults("train.devices=3") == ["train.batch_size: got 32; takes a multiple of train.devices, 3"]
    assert faults("train.devices=3", "train.batch_size=30") == []
    assert faults("train.devices=0") == ["train.devices: got 0; takes an integer of at least 1 or null"]


def test_losses_that_are_no_mean_over_rows_cannot_be_taken_in_parts() -> None:
    summed = ["data=diabetes", "train.devices=2", "train.loss={MeanSquaredError: {reduction: sum}}"]
    assert faults(*summed, "train.backend=torch") == [
        "train.loss.reduction: got 'sum'; takes sum_over_batch_size with train.devices above 1 under torch"
    ]
    assert faults(*summed, "train.backend=jax") == []  # one program over all devices takes the sum over all


def test_impossible_pairs_of_optimizer_and_callbacks() -> None:
    assert faults("optimizer=adam_cosine", "train=careful", "optimizer.clipnorm=1", "optimizer.clipvalue=1") == [
        "optimizer.clipvalue: got 1; takes null: optimizer.clipnorm is given, and only one may be",
        "train.callbacks[0]: got 'ReduceLROnPlateau'; takes a fixed optimizer.learning_rate, not a schedule",
    ]


def test_arguments_of_an_application_are_checked() -> None:
    assert faults("model=application", "model.options={alfa: 1}") == [
        "model.options.alfa: unknown key; takes alpha; did you mean 'alpha'?"
    ]


def test_broken_yaml_is_one_line_with_file_and_place(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "broken.yaml").write_text("kind: mlp\nhidden: [1\n")
    (line,) = faults("model=broken", config_dir=tmp_path)
    assert line == f"{tmp_path}/model/broken.yaml: line 3, column 1: did not find expected ',' or ']'; takes YAML"


# ---- packages


def test_missing_package_is_one_line_with_the_pip_command() -> None:
    tree = compose_config(["data=csv", "data.path=a.csv", "data.target=y", "data.task=regression"]).tree
    tree["train"]["backend"] = "no_such_backend"
    tree["data"]["requires"] = ["no-such-package"]
    with pytest.raises(MissingPackage) as caught:
        check_packages(tree)
    assert caught.value.problems == [
        "train.backend: got 'no_such_backend', which is not installed; pip install 'factory[no_such_backend]'",
        "data.source: got 'csv', which needs no-such-package; pip install 'factory[data]'",
    ]


def test_target_is_possible_when_one_of_its_routes_is_installed() -> None:
    tree = compose_config(["deploy/target=[onnx]"]).tree
    tree["deploy"]["target"]["onnx"] |= {"requires": [], "routes": {"tensorflow": ["no-such-package"], "torch": []}}
    check_packages(tree)
    tree["deploy"]["target"]["onnx"]["routes"] = {"tensorflow": ["no-such-package"]}
    with pytest.raises(MissingPackage, match=r"^deploy.target: got 'onnx', which needs no-such-package; pip install"):
        check_packages(tree)


def test_string_lookups_need_tensorflow_on_every_backend() -> None:
    lookup = "model.nodes={words: {TextVectorization: {}, from: x}, n: {Dense: {units: 1}, from: words}}"
    assert needs_tensorflow(compose_config(["model=graph", lookup]).tree)
    assert not needs_tensorflow(compose_config(["model=graph"]).tree)


# ---- the parent


def test_parent_imports_no_framework() -> None:
    script = (
        "import sys; from factory.config.load import load_config; from factory.cli.help import help_text; "
        "help_text({}); "
        "load_config(['model=graph', 'deploy=everywhere']); "
        "print(sorted({'keras', 'tensorflow', 'torch', 'jax', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_help_needs_no_hydra_and_names_every_option() -> None:
    script = "import sys; from factory.cli.help import help_text; print(help_text({})); print('hydra' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    *text, imported = done.stdout.splitlines()
    assert imported == "False"
    for options in groups([package_conf()]).values():
        for option, description in options.items():
            assert f"{option} " in "\n".join(text) and description


@pytest.mark.parametrize("place", ["/proc/self/environ", "gs://bucket/words.txt", "words.txt"])
def test_layers_take_words_and_never_the_path_of_a_file(place: str) -> None:
    lookup = f"+model.layers.look={{StringLookup: {{vocabulary: '{place}'}}}}"
    (said,) = faults("model=cnn", "data=digits_image", lookup)
    assert said == f"model.layers.look.StringLookup.vocabulary: got {place!r}; takes a list or null"


def test_an_optional_key_that_says_it_is_missing_is_refused() -> None:
    assert faults("train.devices=???") == ["train.devices: missing; takes an integer of at least 1 or null"]


def test_a_table_whose_target_takes_encoded_inputs_is_refused_where_that_is_forbidden() -> None:
    words = ["data=csv", "data.path=a.csv", "data.target=b", "deploy=edge"]
    line = "deploy.encoded: got False; takes true for target litert, which carries no columns of a table"
    assert line in faults(*words, "deploy.encoded=false")
    assert line not in faults(*words)
    assert line not in faults("deploy=edge", "deploy.encoded=false")
