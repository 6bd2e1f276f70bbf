"""Child: run an artifact's own runtime where Keras and the other frameworks are not importable.

python alone.py saved_model|torch_export ARTIFACT ROWS.npz OUTPUTS.npz
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec

OWN = {"saved_model": "tensorflow", "torch_export": "torch"}


class Absent:
    """Makes packages look uninstalled: found, as torch looks for some it never imports, but not to be loaded."""

    def __init__(self, names: set[str]) -> None:
        self.names = names

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name.partition(".")[0] in self.names else None

    def create_module(self, spec: ModuleSpec) -> None:
        raise ModuleNotFoundError(f"No module named {spec.name!r}", name=spec.name)

    def exec_module(self, module: object) -> None: ...


target, artifact, rows, outputs = sys.argv[1:]
absent = {"keras", "factory", "tensorflow", "torch", "jax"} - {OWN[target]}
sys.meta_path.insert(0, Absent(absent))

import numpy as np  # noqa: E402

with np.load(rows) as stored:
    inputs = dict(stored)
if target == "saved_model":
    import tensorflow as tf

    loaded = tf.saved_model.load(artifact)
    results = {name: loaded.signatures["serving_default"](**inputs)[name].numpy() for name in sys.stdin.read().split()}
    served = loaded.serve(**inputs)
    for name in results:
        np.testing.assert_allclose(served[name].numpy(), results[name], rtol=1e-5, atol=1e-6)
else:
    import torch

    program = torch.export.load(f"{artifact}/model.pt2").module()
    found = program(**{name: torch.from_numpy(array) for name, array in inputs.items()})
    results = {name: found[name].detach().numpy() for name in sys.stdin.read().split()}
np.savez(outputs, **results)
if absent & set(sys.modules):
    raise SystemExit(f"imported {absent & set(sys.modules)}")
