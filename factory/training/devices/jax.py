"""CHILD: Data-parallel training under JAX, by Keras' distribution API: one program over all devices."""

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
    """Return the number of GPUs; without any, have JAX make ``count`` devices of the CPU."""
    # before JAX is first asked for devices, which creates them
    jax.config.update("jax_num_cpu_devices", count)  # type: ignore[no-untyped-call]  # jax 0.10 gives it no types
    return 0 if jax.default_backend() == "cpu" else jax.device_count()


@contextmanager
def claimed(count: int, gpu: bool, emit: Emit) -> Iterator[JaxDevices]:
    """Yield the first ``count`` devices of JAX's default platform, whether they are GPUs or made of the CPU."""
    yield JaxDevices(emit, count)


class WholeBatches(keras.distribution.DataParallel):
    """A data-parallel distribution that sends the whole batch to every device; the training step divides the rows.

    Keras (3.15) divides every batch by the layout of the first, and so refuses a last batch whose number of rows is
    not a multiple of the number of devices.
    """

    def get_data_layout(self, data_shape: Sequence[int]) -> keras.distribution.TensorLayout:
        """Return a layout that divides no axis."""
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)


class JaxDevices(SeveralDevices):
    """Several devices under JAX.

    A batch whose rows cannot be divided evenly, the last of an epoch, is computed whole by each device.
    """

    def __init__(self, emit: Emit, count: int) -> None:
        super().__init__(emit, count=count)
        self.distribution = WholeBatches(devices=keras.distribution.list_devices()[:count])

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which Keras places variables by the distribution."""
        scope: AbstractContextManager[Any] = self.distribution.scope()
        return scope

    def attach(
        self, model: keras.Model, batches: Batches, declared: Sequence[keras.callbacks.Callback]
    ) -> list[keras.callbacks.Callback]:
        """Make the training and evaluation step divide the rows of a batch over the devices."""
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
