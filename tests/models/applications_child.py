"""Builds every class of keras.applications at the smallest images it takes, without drawing weights. JSON out."""

from __future__ import annotations

import json
from typing import Any

import keras

from factory.config.catalog import catalog
from factory.core.errors import ConfigError
from factory.core.signature import Tensor
from factory.data.dataset import DataSpec, Output
from factory.models.build import build_model
from factory.models.keras_file import configuration

SIZES = (32, 71, 75)  # what most take; Xception; both Inceptions


def report(application: str) -> dict[str, Any]:
    """What came of it at the first size that it takes."""
    refused = []
    for size in SIZES:
        image = Tensor("image", "float32", (size, size, 3))
        spec = DataSpec((image,), (Output("label", "classification", 2, (0, 1), (2,)),))
        keras.backend.clear_session()
        try:
            with keras.StatelessScope(initialize_variables=False):
                model = build_model({"kind": "application", "application": application}, spec)
        except ConfigError as error:
            refused += error.problems
            continue
        saved = [*configuration.problems(model.to_json().encode())]
        return {"size": size, "layers": [layer.name for layer in model.layers], "not loadable": saved}
    return {"refused": refused}


if __name__ == "__main__":
    print(json.dumps({name: report(name) for name in catalog.load_catalog().names("applications")}))
