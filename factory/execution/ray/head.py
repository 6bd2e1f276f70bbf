"""NODE: The head of a Ray for one sweep, on this machine only; ends with the process that started it.

It is a process of its own, since Ray's agents outlive a killed driver by a minute (ray 2.60): this process outlives it
only by the second that it takes to end them.

    python -m factory.execution.ray.head 4      # CPUs; its address is the first line it prints; ends when stdin closes
"""

from __future__ import annotations

import logging
import os
import sys
from tempfile import TemporaryDirectory

import ray

STORE = 80 << 20  # bytes of shared memory for Ray's object store, which we do not use
SHORT = "/tmp"  # a short path, since a socket's path may have 107 characters at most


def main() -> None:
    """Start Ray, print its address, and end it when stdin closes."""
    answer = os.dup(1)
    os.dup2(2, 1)
    logging.getLogger("ray").setLevel(logging.ERROR)
    with TemporaryDirectory(prefix="ray-", dir=SHORT, ignore_cleanup_errors=True) as folder:
        ray.init(
            address="local",
            num_cpus=int(sys.argv[1]),
            object_store_memory=STORE,
            include_dashboard=False,
            log_to_driver=False,
            configure_logging=False,
            _node_ip_address="127.0.0.1",
            _temp_dir=folder,
        )
        os.write(answer, f"{ray.get_runtime_context().gcs_address}\n".encode())
        sys.stdin.read()
        ray.shutdown()


if __name__ == "__main__":
    main()
