"""Files that a stranger might hand over as a model, each made from a sound one, and the line that refuses it."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Members = dict[str, bytes]
Make = Callable[[Path, Members], None]


def write(path: Path, members: Iterable[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)


def configured(change: Callable[[dict[str, Any]], None]) -> Make:
    """The sound file with another config.json; ``change`` gets the model's config, whose second layer is a Dense."""

    def make(path: Path, members: Members) -> None:
        config = json.loads(members["config.json"])
        change(config)
        write(path, {**members, "config.json": json.dumps(config).encode()}.items())

    return make


def argument(**values: Any) -> Make:
    """The Dense layer with other arguments."""
    return configured(lambda config: config["config"]["layers"][1]["config"].update(values))


def layer(**values: Any) -> Make:
    """Another layer in place of the Dense layer."""
    return configured(lambda config: config["config"]["layers"][1].update(values))


def function(module: str, name: str) -> dict[str, Any]:
    return {"class_name": "function", "module": module, "config": name, "registered_name": name}


def lookup(vocabulary: Any) -> Make:
    config = {"name": "words", "vocabulary": vocabulary, "max_tokens": None}
    return layer(module="keras.layers", class_name="StringLookup", config=config, registered_name=None)


def with_member(name: str, content: bytes = b"x") -> Make:
    return lambda path, members: write(path, [*members.items(), (name, content)])


def without(name: str) -> Make:
    return lambda path, members: write(path, ((key, part) for key, part in members.items() if key != name))


def replaced(name: str, content: bytes) -> Make:
    return lambda path, members: write(path, {**members, name: content}.items())


def bytes_as(content: bytes) -> Make:
    def make(path: Path, members: Members) -> None:
        path.write_bytes(content)

    return make


def numbers(fill: Callable[[h5py.File], Any]) -> Make:
    """The sound file with other weights."""

    def make(path: Path, members: Members) -> None:
        held = io.BytesIO()
        with h5py.File(held, "w") as file:
            fill(file)
        replaced("model.weights.h5", held.getvalue())(path, members)

    return make


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="float32")
    layout[:] = h5py.VirtualSource("/etc/secret.h5", "data", shape=(4,))
    file.create_virtual_dataset("x", layout)


def bomb(path: Path, members: Members) -> None:
    write(path, {**members, "model.weights.h5": bytes(1 << 25)}.items(), zipfile.ZIP_DEFLATED)


def lying(path: Path, members: Members) -> None:
    """Stored members whose directory announces more bytes than the file has."""
    write(path, members.items())
    raw = bytearray(path.read_bytes())
    place = raw.rfind(b"PK\x01\x02")
    raw[place + 20 : place + 28] = struct.pack("<II", 1 << 30, 1 << 30)
    path.write_bytes(raw)


def linked(path: Path, members: Members) -> None:
    write(path, members.items())
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("assets/vocabulary.txt")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")


def twice(path: Path, members: Members) -> None:
    pair = [*members.items(), ("config.json", b"{}")]
    write(path, pair)


def cut(path: Path, members: Members) -> None:
    write(path, members.items())
    path.write_bytes(path.read_bytes()[:-200])


def changed_bytes(path: Path, members: Members) -> None:
    write(path, members.items())
    path.write_bytes(path.read_bytes().replace(b'"Functional"', b'"Functional?'[:12], 1))


def folder(path: Path, members: Members) -> None:
    path.mkdir()
    for name, content in members.items():
        (path / name).write_bytes(content)


LAMBDA = {"function": {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}}
NESTED = {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "http://localhost:9/x"}}
IN_CELL = {
    "cell": {"module": "keras.layers", "class_name": "GRUCell", "config": {"units": 2, "bias_constraint": NESTED}}
}
TAKES = "takes a class of Keras, or one of yours"
PLACE = r"config\.json: config\.layers\[1\]"

CASES: dict[str, tuple[Make, str]] = {
    "load_data_as_activation": (
        argument(activation=function("keras.datasets.mnist", "load_data")),
        rf"{PLACE}\.config\.activation: got 'the function keras\.datasets\.mnist\.load_data'; {TAKES}",
    ),
    "load_data_as_class": (
        layer(module="keras.datasets.mnist", class_name="load_data", config={}),
        rf"{PLACE}: got 'keras\.datasets\.mnist\.load_data'; {TAKES}",
    ),
    "get_file_deep_inside": (
        layer(module="keras.layers", class_name="RNN", config=IN_CELL),
        rf"{PLACE}\.config\.cell\.config\.bias_constraint: got 'keras\.utils\.get_file'; {TAKES}",
    ),
    "source_of_get_file": (
        argument(kernel_initializer={**NESTED, "module": "keras.src.utils.file_utils"}),
        rf"{PLACE}\.config\.kernel_initializer: got 'keras\.src\.utils\.file_utils\.get_file'; {TAKES}",
    ),
    "application_with_weights": (
        layer(module="keras.applications", class_name="MobileNetV2", config={"weights": "imagenet"}),
        rf"{PLACE}: got 'keras\.applications\.MobileNetV2'; {TAKES}",
    ),
    "lambda_layer": (
        layer(module="keras.layers", class_name="Lambda", config=LAMBDA),
        rf"{PLACE}: got 'keras\.layers\.Lambda'; {TAKES}",
    ),
    "bare_lambda": (
        argument(activation=LAMBDA["function"]),
        rf"{PLACE}\.config\.activation: got '__lambda__'; {TAKES}",
    ),
    "legacy_lambda_without_module": (
        layer(module=None, class_name="Lambda", config=LAMBDA),
        rf"{PLACE}: got 'Lambda'; {TAKES}",
    ),
    "torch_module": (
        layer(module="keras.layers", class_name="TorchModuleWrapper", config={"module": "gASV"}),
        rf"{PLACE}: got 'keras\.layers\.TorchModuleWrapper'; {TAKES}",
    ),
    "saved_model_layer": (
        layer(module="keras.layers", class_name="TFSMLayer", config={"filepath": "/tmp/evil"}),
        rf"{PLACE}: got 'keras\.layers\.TFSMLayer'; {TAKES}",
    ),
    "system": (
        argument(kernel_initializer={"module": "os", "class_name": "system", "config": {"command": "touch pwned"}}),
        rf"{PLACE}\.config\.kernel_initializer: got 'os\.system'; {TAKES}",
    ),
    "eval": (
        argument(activation=function("builtins", "eval")),
        rf"{PLACE}\.config\.activation: got 'the function builtins\.eval'; {TAKES}",
    ),
    "another_registered_name": (
        layer(registered_name="Custom>Dense"),
        rf"{PLACE}: got 'Custom>Dense'; {TAKES}",
    ),
    "our_layer_under_another_class": (
        layer(registered_name="factory>PositionEmbedding"),
        rf"{PLACE}: got 'factory>PositionEmbedding'; {TAKES}",
    ),
    "type_spec": (
        argument(
            activation={"class_name": "__typespec__", "config": [], "spec_name": "TensorSpec", "module": "tensorflow"}
        ),
        rf"{PLACE}\.config\.activation: got 'tensorflow\.__typespec__'; {TAKES}",
    ),
    "class_that_is_a_list": (
        argument(activation={"class_name": ["Dense"], "module": "keras.layers", "config": {}}),
        rf'{PLACE}\.config\.activation: got "keras\.layers\.\[\'Dense\'\]"; {TAKES}',
    ),
    "compiled_inside": (
        layer(compile_config={"optimizer": NESTED}),
        rf"{PLACE}\.compile_config\.optimizer: got 'keras\.utils\.get_file'; {TAKES}",
    ),
    "whole_model": (
        configured(lambda config: config.update(module="keras.models", class_name="load_model")),
        rf"config\.json: the model: got 'keras\.models\.load_model'; {TAKES}",
    ),
    "vocabulary_in_the_cloud": (
        lookup("gs://bucket/words.txt"),
        rf"{PLACE}\.config\.vocabulary: got 'gs://bucket/words\.txt'; takes the values themselves, no file",
    ),
    "vocabulary_of_secrets": (
        lookup("/proc/self/environ"),
        rf"{PLACE}\.config\.vocabulary: got '/proc/self/environ'; takes the values themselves, no file",
    ),
    "deep_json": (
        replaced("config.json", b"[" * 100_000 + b"]" * 100_000),
        r"got a config\.json that cannot be read \(RecursionError\); .*",
    ),
    "no_json": (replaced("config.json", b"\x80\x04]"), r"got a config\.json that cannot be read \(.*\); .*"),
    "no_model": (replaced("config.json", b"[1, 2]"), r"got a config\.json that describes no model; .*"),
    "traversal": (
        with_member("assets/../../../evil.txt"),
        r"got the member 'assets/\.\./\.\./\.\./evil\.txt'; takes .*",
    ),
    "absolute_member": (with_member("/etc/cron.d/evil"), r"got the member '/etc/cron\.d/evil'; takes .*"),
    "code_beside_it": (with_member("assets/__init__.py"), r"got the member 'assets/__init__\.py'; takes .*"),
    "pickled_weights": (
        with_member("model.weights.npz", b"\x80\x04K\x01."),
        r"got the member 'model\.weights\.npz'; takes .*",
    ),
    "linked_asset": (linked, r"got 'assets/vocabulary\.txt', which is no plain file; takes plain files"),
    "twice": (twice, r"got the member 'config\.json' twice; takes each once"),
    "zip_bomb": (bomb, r"got the compressed member '.*'; takes members stored as they are, as Keras does"),
    "sizes_that_lie": (lying, r"got members of \d+ bytes in a file of \d+; takes members that do not overlap"),
    "no_weights": (without("model.weights.h5"), r"has no member model\.weights\.h5; takes a file saved by Keras 3"),
    "no_zip": (bytes_as(b"\x80\x04\x95pickle"), r"got no zip archive, which every \.keras file is; takes .*"),
    "empty": (bytes_as(b""), r"got no zip archive, which every \.keras file is; takes .*"),
    "truncated": (cut, r"got no zip archive, which every \.keras file is; takes .*"),
    "a_folder": (folder, r"got a folder or device; takes a \.keras file"),
    "changed_in_place": (changed_bytes, r"got a broken file \(Bad CRC-32 for file 'config\.json'\); takes .*"),
    "external_link": (
        numbers(lambda file: file.update(x=h5py.ExternalLink("/etc/secret.h5", "/data"))),
        r"model\.weights\.h5: /x: got a ExternalLink; takes arrays that lie in the file itself",
    ),
    "external_storage": (
        numbers(lambda file: file.create_dataset("x", (4,), "float32", external=[("/etc/passwd", 0, 16)])),
        r"model\.weights\.h5: /x: got an array whose numbers lie in another file; takes .*",
    ),
    "virtual_array": (
        numbers(virtual),
        r"model\.weights\.h5: /x: got an array whose numbers lie in another file; takes .*",
    ),
    "array_of_a_terabyte": (
        numbers(lambda file: file.create_dataset("x", (1 << 38,), "float32", chunks=(1 << 20,))),
        r"model\.weights\.h5: got arrays of 1099511627776 bytes in \d+; takes arrays that are all there",
    ),
    "group_in_itself": (
        numbers(lambda file: file.create_group("x").update(x=file)),
        r"model\.weights\.h5: (?:/x)+: got no array and no group of arrays; takes .*",
    ),
    "array_of_objects": (
        numbers(lambda file: file.create_dataset("x", data=np.array([b"a"], dtype=object), dtype=h5py.string_dtype())),
        r"model\.weights\.h5: /x: got an array of object; takes .*",
    ),
    "no_hdf5": (replaced("model.weights.h5", b"GIF89a"), r"got a broken model\.weights\.h5 \(.*\); takes .*"),
}
