"""CHILD: Model kind ``application``: an architecture of ``keras.applications`` for images, grey or coloured."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from factory.config.declaration import Application, Arguments, Rate
from factory.config.named_files import require_file
from factory.core.errors import ConfigError
from factory.core.foreign_errors import one_line
from factory.core.messages import shown, wrong
from factory.data.dataset import Array, DataSpec
from factory.models import functional
from factory.models.keras_file.load import reason, refusal

EFFECTS = {"white": "contract"}
LARGEST_SMALLEST = 75  # pixels; InceptionResNetV2 takes no smaller images, all other applications do


def build(
    spec: DataSpec,
    *,
    application: Application,
    weights: str | None = None,
    size: int | None = None,
    white: float = 1.0,
    top: bool = False,
    pooling: Literal["avg", "max"] = "avg",
    dropout: Rate = 0.0,
    trainable: bool = True,
    options: Arguments | None = None,
) -> keras.Model:
    """Build preprocessing of the pixels, the application, and a head for each output.

    Args:
        spec: of the data: one input of shape ``(height, width, 1)`` or ``(height, width, 3)``.
        application: the architecture.
        weights: null for fresh ones, ``imagenet`` (Keras downloads them), or a ``.keras`` file of yours.
        size: height and width that images are resized to; null leaves them. Most applications take at least 32.
        white: the value of a white pixel in the data: 1 or 255.
        top: end with the application's own classifier instead of pooling and a head; one classification output.
        pooling: global pooling of the features; unused with ``top``.
        dropout: share of the features that training drops before the heads.
        trainable: false freezes the backbone and trains the heads alone.
        options: other arguments of the application, such as ``{alpha: 0.35}``.

    Raises:
        ConfigError: the data holds no images, or the application refuses its arguments.
    """
    tensors = functional.inputs(spec)
    name = functional.only_input(spec, "application")
    _check(spec, weights, top, options or {})
    make = getattr(keras.applications, application)
    x = _pixels(make, tensors[name], white)
    if size is not None and x.shape[1:3] != (size, size):
        x = keras.layers.Resizing(size, size, name="resized")(x)
    head = (
        {"include_top": True, "classes": spec.outputs[0].classes} if top else {"include_top": False, "pooling": pooling}
    )
    try:
        backbone = _backbone(make, weights, {"input_shape": tuple(x.shape[1:]), **head, **(options or {})})
    except ConfigError:
        raise
    except Exception as error:  # Keras may refuse it in any way
        small = size is None and _builds_larger(make, x.shape, {**head, **(options or {})})
        hint = "; model.size resizes the images" if small else ""
        raise ConfigError(f"model.application: {application}: {one_line(error)}{hint}") from error
    backbone.trainable = trainable
    x = backbone(x) if trainable else backbone(x, training=False)
    paths = {output.name: "model.application" for output in spec.outputs}
    if top:
        return functional.model(spec, tensors, {spec.outputs[0].name: x}, paths)
    if dropout:
        x = keras.layers.Dropout(dropout, name="dropout")(x)
    return functional.model(spec, tensors, functional.heads(spec, x), paths)


def _builds_larger(make: Any, shape: Sequence[int], arguments: dict[str, Any]) -> bool:
    """Return whether the architecture, which was refused, is accepted for larger images; it draws no weights."""
    if min(shape[1:3]) >= LARGEST_SMALLEST:
        return False
    try:
        make(weights=None, input_shape=(LARGEST_SMALLEST, LARGEST_SMALLEST, 3), **arguments)
    except Exception:  # Keras may refuse it in any way; what it said of the images as they are is reported
        return False
    return True


def _backbone(make: Any, weights: str | None, arguments: dict[str, Any]) -> keras.Model:
    """Create the architecture as a single layer named ``backbone``.

    It is renamed only once it exists: EfficientNetV2 looks its settings up by name, and others are named with numbers.
    """
    file = None if weights in (None, "imagenet") else require_file(str(weights), "model.weights")
    made = make(weights=None if file else weights, **arguments)
    if file:
        _load_weights(made, file)
    return keras.Model(made.input, made.output, name="backbone")


def _load_weights(model: keras.Model, file: Path) -> None:
    """Load the weights of a ``.keras`` file, which is screened first, into the model."""
    if refused := refusal(file, only_weights=True):
        raise ConfigError(f"model.weights: {file}: {refused}")
    try:
        model.load_weights(file)
    except Exception as error:  # Keras may refuse it in any way
        raise ConfigError(f"model.weights: {file}: {reason(error)}") from error


def _check(spec: DataSpec, weights: str | None, top: bool, options: dict[str, Any]) -> None:
    """Refuse data that holds no images, and options that contradict the data or each other; all problems at once."""
    shape = spec.inputs[0].shape
    problems = []
    if len(shape) != 3 or shape[2] not in (1, 3):
        problems.append(
            f"model.kind: got 'application', which takes images (height, width, 1 or 3); "
            f"the data's {spec.inputs[0].name!r} has {shape}"
        )
    if weights not in (None, "imagenet") and not str(weights).endswith(".keras"):
        problems.append(wrong("model.weights", weights, "null, 'imagenet' or a .keras file"))
    if top and (len(spec.outputs) > 1 or spec.outputs[0].task != "classification"):
        problems.append(wrong("model.top", top, "false: the data's output is not one classification"))
    if "include_preprocessing" in options:
        given = shown(options["include_preprocessing"])
        takes = "pixels are brought to what it takes already"
        problems.append(f"model.options.include_preprocessing: got {given}; {takes}")
    if problems:
        raise ConfigError(problems)


def _pixels(make: Any, x: Any, white: float) -> Any:
    """Convert grey or coloured pixels to the three channels that the application takes.

    The preprocessing of the applications (scale, shift, RGB to BGR) is affine, so one frozen 1x1 convolution computes
    it, which every target format has; its weights are measured on ``preprocess_input`` itself.

    Args:
        make: the function of ``keras.applications``.
        x: ``(batch, height, width, channels)``, 1 or 3 channels, values from 0 to ``white``.
        white: the value of a white pixel.
    """
    matrix, offset = _preprocessing(make)
    channels = x.shape[-1]
    scaled = matrix * (255.0 / white)
    kernel = scaled.sum(axis=0, keepdims=True) if channels == 1 else scaled  # grey: three equal channels
    layer = keras.layers.Conv2D(3, 1, dtype="float32", trainable=False, name="preprocessed")
    if keras.backend.standardize_dtype(x.dtype) != "float32":
        x = keras.layers.Rescaling(1.0, dtype="float32", name="real")(x)
    x = layer(x)
    layer.set_weights([kernel.reshape(1, 1, channels, 3), offset])
    return x


def _preprocessing(make: Any) -> tuple[Array, Array]:
    """Return the preprocessing as a matrix (3, 3) and an offset (3,).

    ``preprocess_input(rgb)`` is ``rgb @ matrix + offset`` for pixels from 0 to 255.
    """
    preprocess = importlib.import_module(make.__module__).preprocess_input
    probes = np.concatenate([np.zeros((1, 3)), 255 * np.eye(3)]).reshape(4, 1, 1, 3)
    answers = np.asarray(preprocess(probes.copy(), data_format="channels_last")).reshape(4, 3)
    return (answers[1:] - answers[0]) / 255, answers[0]
