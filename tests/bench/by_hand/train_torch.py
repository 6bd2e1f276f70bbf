"""The hand-off as people write it today, first script: train under torch, evaluate, save.

It does what `python -m factory model=mlp train.backend=torch` does: the same data, split, model, epochs and batch size.
"""

import json
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

folder = sys.argv[1]
keras.utils.set_random_seed(0)
digits = load_digits()
x = (digits.data / 16).astype("float32")
y = digits.target.astype("int32")
x_train, x_val, y_train, y_val = train_test_split(x, y, test_size=0.2, random_state=0, stratify=y)

model = keras.Sequential(
    [keras.Input((64,)), keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10, activation="softmax")]
)
model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, epochs=5, batch_size=32, validation_data=(x_val, y_val))
loss, accuracy = model.evaluate(x_val, y_val)
model.save(f"{folder}/model.keras")
np.savez(f"{folder}/reference.npz", x=x_val[:256], y=model.predict(x_val[:256]))
with open(f"{folder}/metrics.json", "w") as file:
    json.dump({"loss": loss, "accuracy": accuracy, "history": history.history}, file)
