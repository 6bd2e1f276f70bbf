"""NODE: a Ray for one sweep, on this machine and out of reach of others; ends with the process that started it.

A process of its own, since Ray's agents outlive a killed driver by a minute (ray 2.60): this one outlives it by the
second it takes to end them.

    python -m factory.execution.ray.head 4      # CPUs; its address is the first line it prints; ends when stdin closes
"""

from __future__ import annotations

import logging
import os
import sys
from tempfile import TemporaryDirectory

import ray

STORE = 80 << 20  # bytes of shared memory for an object store that nothing of ours goes through
SHORT = "/tmp"  # a socket's path may have 107 characters


def main() -> None:
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
