"""CHILD: what a training computes on: one device, or several that share each batch; one file a backend.

Whatever their number, a step is the same step: the loss is the mean over all rows of the batch, each row counting once
on whichever device it lies; gradients are summed before the optimizer clips or scales them; BatchNormalization takes
its statistics from the whole batch; loss and metrics of an epoch are over all rows.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from factory.core.errors import ConfigError
from factory.core.messages import wrong
from factory.core.rundir import Emit
from factory.training.one_device import OneDevice


@contextmanager
def claim_devices(settings: Mapping[str, Any], emit: Emit) -> Iterator[OneDevice]:
    """The devices that ``train.devices`` asks for; under torch the block is run by a process for each.

    Args:
        settings: the tree's ``train`` node.
        emit: takes live events, of the first device alone.

    Raises:
        ConfigError: there are not that many.
    """
    count = settings["devices"] or 1
    if count == 1:
        yield OneDevice(emit)
        return
    backend = importlib.import_module(f"factory.training.devices.{settings['backend']}")
    gpus = backend.gpus(count)
    if 0 < gpus < count:  # a processor is as many devices as one likes
        raise ConfigError(wrong("train.devices", count, f"at most {gpus}, the GPUs that are there"))
    with backend.claimed(count, gpus > 0, emit) as devices:
        yield devices
