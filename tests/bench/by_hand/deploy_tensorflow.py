"""The hand-off as people write it today, second script: load under TensorFlow, export, compare."""

import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

folder = sys.argv[1]
model = keras.models.load_model(f"{folder}/model.keras")
reference = np.load(f"{folder}/reference.npz")
model.predict(reference["x"])
model.export(f"{folder}/saved_model/1")

served = tf.saved_model.load(f"{folder}/saved_model/1")
outputs = served.serve(reference["x"]).numpy()
difference = np.abs(outputs - reference["y"]).max()
print(f"largest difference {difference:.2e}")
if difference > 1e-4:
    sys.exit("the SavedModel does not compute what was trained")
