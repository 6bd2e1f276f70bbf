"""Child: what OpenVINO's model server makes of its command line, with nothing but OpenVINO installed.

python served.py REFERENCE.npz --model_name … --model_path … --plugin_config … --rest_port …
  →  {"precision": what the newest version was compiled in, "off": largest difference from the reference's outputs}
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # it would report to its makers
import openvino  # noqa: E402

words = argparse.ArgumentParser(allow_abbrev=False)
words.add_argument("reference", type=Path)
words.add_argument("--model_name", required=True)
words.add_argument("--model_path", type=Path, required=True)
words.add_argument("--plugin_config", type=json.loads, default={})
words.add_argument("--rest_port", type=int, required=True)
given = words.parse_args()

newest = max((path for path in given.model_path.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))
model = openvino.Core().compile_model(newest / "model.xml", "CPU", given.plugin_config)
with np.load(given.reference) as stored:
    inputs, expected = (
        {name.removeprefix(part): rows for name, rows in stored.items() if name.startswith(part)}
        for part in ("inputs/", "outputs/")
    )
predictions = model(inputs)
off = max(float(np.abs(predictions[model.output(name)] - rows).max()) for name, rows in expected.items())
print(json.dumps({"precision": model.get_property("INFERENCE_PRECISION_HINT").to_string(), "off": off}))
