"""CHILD: The loader of models from MLflow's registry, which runs them in a target's own runtime.

    model = mlflow.pyfunc.load_model("models:/mlp-digits/1", model_config={"target": "onnx"})
    model.predict({"pixels": rows})

Without ``target`` the first one whose runtime is installed here is taken. This package travels with the model, so
nothing may be imported here that a runtime does not bring, but Keras.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np

from factory.core import messages
from factory.core.errors import ConfigError, MissingPackage
from factory.core.predict import Predict
from factory.core.signature import Signature
from factory.preprocessing.reference import answer, encode
from factory.preprocessing.spec import Preprocessing

FOLDER = "factory"
FILE = "targets.json"


class Registered:
    """A loaded model with the interface that MLflow calls.

    Args:
        run: computes the outputs with the target's runtime.
        signature: the model's signature.
    """

    def __init__(self, run: Predict, signature: Signature) -> None:
        self.run, self.signature = run, signature

    def predict(self, rows: Any, params: Mapping[str, Any] | None = None) -> dict[str, np.ndarray[Any, Any]]:
        """Compute the outputs of some rows.

        Args:
            rows: input name → array ``(n, …)``, cast to the input's dtype; the array alone where there is one input.
            params: passed by MLflow and ignored.

        Returns:
            Output name → array ``(n, …)``.
        """
        named = rows if isinstance(rows, Mapping) else {self.signature.inputs[0].name: rows}
        return self.run({t.name: np.asarray(named[t.name], array_type(t.dtype)) for t in self.signature.inputs})


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> Registered:
    """Load a model; called by ``mlflow.pyfunc.load_model``.

    Args:
        path: folder with ``targets.json`` and the artifact of each target.
        model_config: ``{"target": name}`` chooses a target; by default the first one whose runtime is installed.

    Raises:
        ConfigError: the model does not have the requested target.
        MissingPackage: the runtime of the requested target, or of every target, is not installed.
    """
    fields = json.loads(Path(path, FILE).read_text(encoding="utf-8"))
    needs, signature = fields["needs"], Signature.from_json(fields["signature"])
    asked = (model_config or {}).get("target")
    if asked is not None and asked not in needs:
        raise ConfigError(messages.wrong("model_config.target", asked, messages.listed([*needs]), needs))
    lacking = {target: absent(needs[target]) for target in ([asked] if asked else needs)}
    target = next((target for target, packages in lacking.items() if not packages), None)
    if target is None:
        raise MissingPackage(f"{target}: needs {', '.join(packages)}" for target, packages in lacking.items())
    os.environ.setdefault("KERAS_BACKEND", needs[target][0])
    return Registered(loaded(target, Path(path, target), fields), signature)


def loaded(target: str, folder: Path, fields: Mapping[str, Any]) -> Predict:
    """Open an artifact in its own runtime; with preprocessing the function takes raw columns, whatever it takes."""
    module = importlib.import_module(f"factory.export.targets.{target}")
    if "inner" not in fields:
        return cast(Predict, module.load(folder, Signature.from_json(fields["signature"])))
    inner, beside = Signature.from_json(fields["inner"]), folder / getattr(module, "EXTRA", ".")
    specification = json.loads((beside / "preprocessing.json").read_text(encoding="utf-8"))
    if target not in fields["encoded"]:
        return cast(Predict, module.load_raw(folder, inner, Preprocessing.from_json(specification)).answer)
    run = module.load(folder, inner)
    return lambda rows: answer(specification, run(encode(specification, rows)))


def array_type(dtype: str) -> np.dtype[Any]:
    """Return the dtype of arrays with values of a tensor's dtype; texts are objects."""
    return np.dtype(object if dtype == "string" else dtype)


def absent(packages: Sequence[str]) -> list[str]:
    """Return the packages that are not installed; a dash in a pip name is an underscore in the imported name."""
    return [name for name in packages if find_spec(name.replace("-", "_")) is None]
