"""CHILD: Data-parallel training under TensorFlow, by its MirroredStrategy."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import keras
import tensorflow as tf

from factory.core.rundir import Emit
from factory.training.batches import Batches
from factory.training.one_device import SeveralDevices, refuse_empty_shares


def gpus(count: int) -> int:
    """Return the number of GPUs."""
    return len(tf.config.list_physical_devices("GPU"))


@contextmanager
def claimed(count: int, gpu: bool, emit: Emit) -> Iterator[MirroredDevices]:
    """Yield the first ``count`` GPUs or, without ``gpu``, as many logical devices of the CPU."""
    if not gpu:
        processor = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * count)
    yield MirroredDevices(emit, [f"{'GPU' if gpu else 'CPU'}:{number}" for number in range(count)])


class MirroredDevices(SeveralDevices):
    """Several devices under TensorFlow, which divides the rows of a batch itself: 5 over 3 devices are 2, 2, 1."""

    def __init__(self, emit: Emit, names: Sequence[str]) -> None:
        super().__init__(emit, count=len(names))
        self.strategy = tf.distribute.MirroredStrategy(names)

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which TensorFlow mirrors variables on all devices."""
        scope: AbstractContextManager[Any] = self.strategy.scope()
        return scope

    def attach(
        self, model: keras.Model, batches: Batches, declared: Sequence[keras.callbacks.Callback]
    ) -> list[keras.callbacks.Callback]:
        """Make a step on several devices compute what it computes on one, as `parallel` describes."""
        refuse_empty_shares(batches, self.count)
        for layer in model._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True
        self.build(model, batches)
        weigh_by_rows(model, self.count)
        sum_gradients_first(model.optimizer)
        return []

    def build(self, model: keras.Model, batches: Batches) -> None:
        """Create the variables of loss and metrics now; Keras (3.15) fails if the first batch is divided unevenly."""
        with self.scope():
            model._symbolic_build(data_batch=batches[0])
        model._maybe_symbolic_build = lambda *_, **__: None


def weigh_by_rows(model: keras.Model, count: int) -> None:
    """Weigh the loss of each device by its rows, since Keras adds up mean losses as if all had as many rows."""
    weights: dict[int, Any] = {}  # by replica: each is traced in a thread of its own, interleaved with the others
    train_step, scale_loss = model.train_step, model.optimizer.scale_loss

    def step(data: Any) -> Any:
        rows = tf.cast(tf.shape(tf.nest.flatten(data)[0])[0], "float32")
        weights[replica()] = count * rows / everywhere(rows)
        return train_step(data)

    model.train_step = step
    model.optimizer.scale_loss = lambda loss: scale_loss(loss * tf.cast(weights[replica()], loss.dtype))


def sum_gradients_first(optimizer: keras.optimizers.Optimizer) -> None:
    """Sum gradients over the devices before the optimizer clips them; Keras (3.15) lets each device clip its own."""
    apply, inner = optimizer.apply, getattr(optimizer, "inner_optimizer", optimizer)

    @functools.wraps(apply)
    def summed(gradients: Sequence[Any], variables: Any = None) -> Any:
        known = iter(everywhere([gradient for gradient in gradients if gradient is not None]))
        return apply([None if gradient is None else next(known) for gradient in gradients], variables)

    optimizer.apply = summed
    inner._all_reduce_sum_gradients = lambda pairs: pairs


def everywhere(values: Any) -> Any:
    """Return the sum of a tensor, or of each of a list, over all devices."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, values)


def replica() -> int:
    """Return the index of the device that the current thread computes for."""
    return int(tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group))
