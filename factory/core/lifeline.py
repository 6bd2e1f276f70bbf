"""SHARED: a process that ends with the one that started it, also where both were stopped and see no pipe close."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def die_with_parent() -> None:
    """Let the kernel kill this process when the thread that started it ends; does nothing but on Linux."""
    death_signal()()


def fork_with_lifeline() -> int:
    """Fork a child that dies with this process; returns as `os.fork`."""
    ask, parent = death_signal(), os.getpid()
    process = os.fork()
    if process == 0:
        ask()
        if os.getppid() != parent:  # it ended before the child could ask
            os._exit(1)
    return process


def death_signal() -> Callable[[], None]:
    """What asks the kernel, loaded beforehand: a child of a fork should not have to."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
