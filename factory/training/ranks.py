"""CHILD: a process for each device, forked before anything was computed; none outlives the first."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from factory.core.errors import TrainError
from factory.core.foreign_errors import in_one_line
from factory.core.lifeline import fork_with_lifeline
from factory.core.process import ending
from factory.core.rundir import Emit

TELL = 0.5  # seconds that rank 0, when it fails, leaves a watcher to say that another rank ended under it
YIELD = 5.0  # seconds that another rank, when it fails, leaves rank 0 to fail likewise, which tells it better

TOLD = 1  # exit code of a rank that said why
MESSAGE_LIMIT = 1000  # characters; an event is written in one piece


@contextmanager
def forked(count: int, emit: Emit) -> Iterator[tuple[int, Callable[[], None]]]:
    """Run the block in ``count`` processes; only rank 0, the caller, comes out of it.

    Rank 0 holds a pipe that nobody writes to: when it is gone, however it went, the others see the pipe's end and end
    too. Rank 0 in turn ends when another does before it was let go.

    Args:
        count: processes, the caller's included.
        emit: takes the ``failed`` event of another rank.

    Returns:
        The rank, and what lets the other ranks go.
    """
    ended, held = os.pipe()
    others: dict[int, int] = {}
    sys.stdout.flush()
    sys.stderr.flush()
    for rank in range(1, count):
        process = fork_with_lifeline()
        if process == 0:
            os.close(held)
            threading.Thread(target=end_with_first, args=(ended,), daemon=True).start()
            try:
                yield rank, park
                park()
            except BaseException as error:
                traceback.print_exc()
                time.sleep(YIELD)
                tell(emit, f"device {rank}: {in_one_line(error)}")
            finally:
                os._exit(TOLD)
        others[process] = rank
    os.close(ended)
    free = threading.Event()

    def release() -> None:
        free.set()
        with suppress(OSError):
            os.close(held)

    for process, rank in others.items():
        threading.Thread(target=watch, args=(process, rank, free, emit), daemon=True).start()
    try:
        yield 0, release
    except Exception:  # often an effect: the end of another rank, which says more, shall be told first
        time.sleep(TELL)
        raise
    finally:
        release()


def end_with_first(ended: int) -> None:
    os.read(ended, 1)  # returns only when rank 0 is gone, or has let go
    os._exit(0)


def park() -> NoReturn:
    """Wait for the end."""
    while True:
        threading.Event().wait()


def watch(process: int, rank: int, free: threading.Event, emit: Emit) -> None:
    """Wait for another rank's end; before it was let go, it is the end of the training."""
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    if not free.is_set():
        if code != TOLD:
            tell(emit, f"device {rank}: its process {ending(code)}")
        os._exit(TrainError.exit_code)


def tell(emit: Emit, message: str) -> None:
    emit({"event": "failed", "error": TrainError.__name__, "message": f"train.devices: {message}"[:MESSAGE_LIMIT]})
