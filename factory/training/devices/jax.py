"""CHILD: several devices under JAX, by Keras' own distribution API: one program over all, the rows divided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import jax
import keras
from jax.sharding import NamedSharding, PartitionSpec

from factory.core.rundir import Emit
from factory.training.batches import Batches
from factory.training.one_device import SeveralDevices


def gpus(count: int) -> int:
    """How many there are; a processor without one is made into as many devices as are wanted."""
    # before JAX is first asked for devices, which makes them
    jax.config.update("jax_num_cpu_devices", count)  # type: ignore[no-untyped-call]  # jax 0.10 gives it no types
    return 0 if jax.default_backend() == "cpu" else jax.device_count()


@contextmanager
def claimed(count: int, gpu: bool, emit: Emit) -> Iterator[JaxDevices]:
    yield JaxDevices(emit, count)


class WholeBatches(keras.distribution.DataParallel):
    """Data parallelism that hands every device the whole batch; the step itself divides the rows.

    Keras (3.15) divides batches on their way to the devices, all by the layout of the first, and so refuses a last
    batch whose rows the devices do not divide.
    """

    def get_data_layout(self, data_shape: Sequence[int]) -> keras.distribution.TensorLayout:
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)


class JaxDevices(SeveralDevices):
    """A batch whose rows cannot be divided evenly, the last of an epoch, is computed whole by each device."""

    def __init__(self, emit: Emit, count: int) -> None:
        super().__init__(emit, count=count)
        self.distribution = WholeBatches(devices=keras.distribution.list_devices()[:count])

    def scope(self) -> AbstractContextManager[Any]:
        scope: AbstractContextManager[Any] = self.distribution.scope()
        return scope

    def attach(
        self, model: keras.Model, batches: Batches, declared: Sequence[keras.callbacks.Callback]
    ) -> list[keras.callbacks.Callback]:
        spec = PartitionSpec("batch")  # type: ignore[no-untyped-call]  # as above
        by_rows = NamedSharding(self.distribution.device_mesh.backend_mesh, spec)

        def divided(array: Any) -> Any:
            if len(array) % self.count:
                return array
            return jax.lax.with_sharding_constraint(array, by_rows)  # type: ignore[no-untyped-call]  # as above

        def dividing(step: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
            return lambda state, data: step(state, jax.tree.map(divided, data))

        model.train_step, model.test_step = dividing(model.train_step), dividing(model.test_step)
        return []
