"""PARENT: The environment of a worker process: backend, GPU, threads."""

from __future__ import annotations

import os
from dataclasses import dataclass

from factory.core.backends import BACKENDS
from factory.core.process import python_path


@dataclass(frozen=True)
class Environment:
    """The settings that a worker process is started with and cannot change later.

    Args:
        backend: the Keras backend, and the only framework the process may import besides ``also``.
        gpu: whether it may use a GPU.
        threads: size of every thread pool; changes torch's weights bitwise, so it is pinned and recorded.
        also: further frameworks that the model itself needs (string lookups are TensorFlow's on every backend).
    """

    backend: str
    gpu: bool
    threads: int
    also: tuple[str, ...] = ()

    @property
    def block(self) -> tuple[str, ...]:
        """The frameworks that the process must not import."""
        return tuple(name for name in BACKENDS if name != self.backend and name not in self.also)

    def variables(self) -> dict[str, str]:
        """Return the environment variables of the process."""
        threads = str(self.threads)
        fixed = {
            "KERAS_BACKEND": self.backend,
            "OMP_NUM_THREADS": threads,
            "MKL_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "TF_NUM_INTRAOP_THREADS": threads,
            "OMP_WAIT_POLICY": "passive",  # spinning threads of two processes on two cores: a 0.15 s fit took 3.8 s
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # the search for a GPU must not start CUDA before the fork
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": python_path(),
        }
        no_gpu = {} if self.gpu else {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "KERAS_TORCH_DEVICE": "cpu"}
        return {**os.environ, **fixed, **no_gpu}
