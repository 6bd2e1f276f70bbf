"""Builds every class of keras.applications at the smallest images it takes, without drawing weights. JSON out."""

from __future__ import annotations

import json
from typing import Any

import keras

from factory import catalog, models
from factory.dataset import DataSpec, Output
from factory.errors import ConfigError
from factory.keras_file import configuration
from factory.signature import Tensor

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
                model = models.build({"kind": "application", "application": application}, spec)
        except ConfigError as error:
            refused += error.faults
            continue
        saved = [*configuration.faults(model.to_json().encode())]
        return {"size": size, "layers": [layer.name for layer in model.layers], "not loadable": saved}
    return {"refused": refused}


if __name__ == "__main__":
    print(json.dumps({name: report(name) for name in catalog.load().names("applications")}))
