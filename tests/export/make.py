"""Child: build every kind under this process's backend, give it weights as after training, save it with its outputs.

python make.py FOLDER  →  FOLDER/<kind>/model.keras, signature.json, reference.npz
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keras
import numpy as np
from kinds import KINDS

from factory.core.signature import Signature, Tensor

ROWS = 33


def signature_of(model: keras.Model) -> Signature:
    def tensors(named: dict[str, keras.KerasTensor]) -> tuple[Tensor, ...]:
        return tuple(Tensor(name, str(x.dtype), tuple(x.shape[1:])) for name, x in named.items())

    return Signature(tensors(model.input), tensors(model.output))


def settle(model: keras.Model, random: np.random.Generator) -> None:
    """Give every variable a value far from its initial one, moving statistics and biases included."""
    for variable in model.variables:
        if "seed" in variable.path:
            continue
        values = random.normal(0.0, 0.3, variable.shape)
        if "moving_variance" in variable.path:
            values = np.abs(values) + 0.2
        elif "gamma" in variable.path:
            values = 1.0 + values
        variable.assign(values.astype(variable.dtype))


def rows(signature: Signature, random: np.random.Generator) -> dict[str, np.ndarray]:
    def one(tensor: Tensor) -> np.ndarray:
        shape = (ROWS, *(size or 4 for size in tensor.shape))
        if tensor.dtype == "int32":
            return random.integers(0, 30, shape).astype("int32")
        if tensor.dtype == "uint8":
            return random.integers(0, 256, shape).astype("uint8")
        return random.normal(0.0, 1.0, shape).astype(tensor.dtype)

    return {tensor.name: one(tensor) for tensor in signature.inputs}


def main(folder: Path) -> None:
    for name, build in KINDS.items():
        random = np.random.default_rng(7)
        keras.utils.clear_session()
        model = build()
        settle(model, random)
        signature = signature_of(model)
        inputs = rows(signature, random)
        outputs = {key: keras.ops.convert_to_numpy(x) for key, x in model(inputs, training=False).items()}
        target = folder / name
        target.mkdir(parents=True)
        model.save(target / "model.keras")
        (target / "signature.json").write_text(json.dumps(signature.to_json()))
        arrays = {f"in.{k}": v for k, v in inputs.items()} | {f"out.{k}": v for k, v in outputs.items()}
        np.savez(target / "reference.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
