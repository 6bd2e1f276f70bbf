"""SHARED: Processes that die with the one that started them, also when it is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def die_with_parent() -> None:
    """Let the kernel kill this process when the thread that started it ends; do nothing but on Linux."""
    death_signal()()


def fork_with_lifeline() -> int:
    """Fork a child that dies with this process; return as `os.fork` does."""
    ask, parent = death_signal(), os.getpid()
    process = os.fork()
    if process == 0:
        ask()
        if os.getppid() != parent:  # the parent ended before the child could ask the kernel
            os._exit(1)
    return process


def death_signal() -> Callable[[], None]:
    """Return a function that asks the kernel to kill the process with its parent.

    Its library is loaded beforehand, since a child of a fork should load none.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
