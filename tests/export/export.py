"""Child: python export.py TARGET KIND-FOLDER ARTIFACT-FOLDER."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keras

from factory.core.signature import Signature
from factory.export.target import get_target

target, source, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
folder.mkdir()
signature = Signature.from_json(json.loads((source / "signature.json").read_text()))
get_target(target).export(keras.saving.load_model(source / "model.keras"), signature, folder)
