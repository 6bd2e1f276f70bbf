"""One small keras model of each kind that people ship; plain keras code, run under the backend that trains.

Every builder returns a functional model whose inputs and outputs are dictionaries; their keys, in this order, are the
signature that every artifact must keep.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import layers

KINDS: dict[str, Callable[[], keras.Model]] = {}


def kind(build: Callable[[], keras.Model]) -> Callable[[], keras.Model]:
    """Register a builder under its function's name."""
    KINDS[build.__name__] = build
    return build


@kind
def dense() -> keras.Model:
    x = inputs = keras.Input((64,), name="features")
    for units, activation in ((32, "relu"), (16, "gelu"), (16, "selu"), (16, "silu")):
        x = layers.Dense(units, activation=activation)(x)
    return keras.Model({"features": inputs}, {"label": layers.Dense(10, activation="softmax")(x)})


@kind
def convolutional() -> keras.Model:
    inputs = keras.Input((16, 16, 3), name="image")
    x = layers.Rescaling(1 / 3.0, offset=0.1)(inputs)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(12, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same")(x)
    x = layers.ZeroPadding2D(1)(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model({"image": inputs}, {"label": layers.Dense(5, activation="softmax")(x)})


@kind
def pixels() -> keras.Model:
    """Bytes as they lie in an image, made real numbers by the model itself."""
    inputs = keras.Input((16, 16, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model({"image": inputs}, {"label": layers.Dense(5, activation="softmax")(x)})


@kind
def separable() -> keras.Model:
    inputs = keras.Input((16, 16, 3), name="image")
    x = layers.SeparableConv2D(8, 3, activation="relu6")(inputs)
    x = layers.DepthwiseConv2D(5, strides=2, padding="same", depth_multiplier=2)(x)
    x = layers.LayerNormalization()(x)
    x = layers.Conv2D(16, 3, dilation_rate=2, activation="hard_swish")(x)
    squeeze = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Multiply()([x, layers.Conv2D(16, 1, activation="sigmoid")(squeeze)])
    x = layers.Flatten()(x)
    return keras.Model({"image": inputs}, {"label": layers.Dense(3, activation="softmax")(x)})


@kind
def sequence() -> keras.Model:
    inputs = keras.Input((20, 4), name="signal")
    x = layers.Conv1D(8, 3, padding="causal", activation="elu")(inputs)
    x = layers.MaxPooling1D(2)(x)
    x = layers.SeparableConv1D(8, 3)(x)
    x = layers.GlobalMaxPooling1D()(x)
    return keras.Model({"signal": inputs}, {"value": layers.Dense(1)(x)})


@kind
def lstm() -> keras.Model:
    inputs = keras.Input((12, 5), name="signal")
    x = layers.LSTM(8, return_sequences=True)(inputs)
    x = layers.LSTM(6)(x)
    return keras.Model({"signal": inputs}, {"label": layers.Dense(3, activation="softmax")(x)})


@kind
def gru() -> keras.Model:
    inputs = keras.Input((12, 5), name="signal")
    x = layers.GRU(8, return_sequences=True, reset_after=False)(inputs)
    x = layers.GRU(6)(x)
    x = layers.Reshape((1, 6))(x)
    x = layers.SimpleRNN(4)(x)
    return keras.Model({"signal": inputs}, {"value": layers.Dense(2)(x)})


@kind
def bidirectional() -> keras.Model:
    inputs = keras.Input((10, 5), name="signal")
    x = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(inputs)
    x = layers.Bidirectional(layers.GRU(6), merge_mode="sum")(x)
    return keras.Model({"signal": inputs}, {"label": layers.Dense(3, activation="softmax")(x)})


@kind
def attention() -> keras.Model:
    inputs = keras.Input((12, 16), name="tokens")
    x = layers.MultiHeadAttention(num_heads=4, key_dim=4)(inputs, inputs)
    x = x1 = layers.LayerNormalization()(layers.Add()([inputs, x]))
    x = layers.Dense(32, activation="gelu")(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(16)(x)
    x = layers.LayerNormalization()(layers.Add()([x1, x]))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model({"tokens": inputs}, {"label": layers.Dense(4, activation="softmax")(x)})


@kind
def many_to_many() -> keras.Model:
    image = keras.Input((8, 8, 1), name="image")
    price = keras.Input((3,), name="price")
    words = keras.Input((6,), dtype="int32", name="words")
    a = layers.Flatten()(layers.Conv2D(4, 3, activation="relu")(image))
    b = layers.Dense(8, activation="tanh")(price)
    c = layers.GlobalAveragePooling1D()(layers.Embedding(30, 8)(words))
    x = layers.Concatenate()([layers.Dense(8)(a), b, c])
    outputs = {
        "zebra": layers.Dense(4, activation="softmax")(x),
        "apple": layers.Dense(2)(x),
        "mask": layers.Reshape((4, 4, 1))(layers.Dense(16, activation="sigmoid")(x)),
    }
    return keras.Model({"words": words, "image": image, "price": price}, outputs)


@kind
def embedding() -> keras.Model:
    inputs = keras.Input((9,), dtype="int32", name="words")
    x = layers.Embedding(50, 12, mask_zero=True)(inputs)
    x = layers.LSTM(8)(x)
    return keras.Model({"words": inputs}, {"label": layers.Dense(6, activation="softmax")(x)})


@kind
def inert() -> keras.Model:
    """Everything that acts in training only, beside BatchNormalization with moving statistics."""
    inputs = keras.Input((16, 16, 3), name="image")
    x = layers.RandomFlip("horizontal_and_vertical")(inputs)
    x = layers.RandomRotation(0.2)(x)
    x = layers.RandomTranslation(0.1, 0.1)(x)
    x = layers.RandomZoom(0.2)(x)
    x = layers.RandomContrast(0.3)(x)
    x = layers.RandomBrightness(0.3, value_range=(0, 1))(x)
    x = layers.GaussianNoise(0.5)(x)
    x = layers.Conv2D(8, 3)(x)
    x = layers.BatchNormalization()(x)
    x = layers.SpatialDropout2D(0.4)(x)
    x = layers.GaussianDropout(0.3)(x)
    x = layers.Flatten()(x)
    x = layers.AlphaDropout(0.2)(layers.Dropout(0.5)(x))
    return keras.Model({"image": inputs}, {"label": layers.Dense(5, activation="softmax")(x)})


@kind
def eleven_outputs() -> keras.Model:
    inputs = keras.Input((7,), name="features")
    outputs = {f"output_{i}": layers.Dense(2, name=f"head_{i}")(inputs) for i in range(11)}
    return keras.Model({"features": inputs}, outputs)


@kind
def constants() -> keras.Model:
    """Arrays that layers keep outside variables."""
    inputs = keras.Input((8,), name="features")
    x = layers.Normalization(mean=[float(i - 3) for i in range(8)], variance=[float(i + 1) for i in range(8)])(inputs)
    return keras.Model({"features": inputs}, {"value": layers.Dense(2)(x)})


@kind
def free_time() -> keras.Model:
    inputs = keras.Input((None, 5), name="signal")
    x = layers.LSTM(4, return_sequences=True)(inputs)
    return keras.Model({"signal": inputs}, {"value": layers.Dense(2)(x)})


@kind
def lookup() -> keras.Model:
    inputs = keras.Input((4,), dtype="int32", name="codes")
    x = layers.Embedding(6, 3)(layers.IntegerLookup(vocabulary=[1, 2, 5, 9])(inputs))
    return keras.Model({"codes": inputs}, {"value": layers.Dense(2)(layers.Flatten()(x))})


@kind
def pooling_same() -> keras.Model:
    """Not a kind to pass: torch and tensorflow disagree on what the border of "same" averages."""
    inputs = keras.Input((8, 8, 2), name="image")
    x = layers.AveragePooling2D(3, strides=2, padding="same")(inputs)
    return keras.Model({"image": inputs}, {"value": layers.Dense(2)(layers.Flatten()(x))})
