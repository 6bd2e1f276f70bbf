"""CHILD: Choice of the devices that a training uses: one, or several that share each batch (data parallelism).

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
    """Yield the devices that ``train.devices`` declares; under torch one process for each device runs the block.

    Args:
        settings: the config's ``train`` node.
        emit: takes live events, from rank 0 only.

    Raises:
        ConfigError: there are fewer GPUs.
    """
    count = settings["devices"] or 1
    if count == 1:
        yield OneDevice(emit)
        return
    backend = importlib.import_module(f"factory.training.devices.{settings['backend']}")
    gpus = backend.gpus(count)
    if 0 < gpus < count:  # a CPU can be any number of devices
        raise ConfigError(wrong("train.devices", count, f"at most {gpus}, the GPUs that are there"))
    with backend.claimed(count, gpus > 0, emit) as devices:
        yield devices
