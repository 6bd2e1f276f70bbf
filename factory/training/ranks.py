"""CHILD: One forked process (rank) for each device, none of which outlives rank 0."""

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

TELL = 0.5  # seconds that a failing rank 0 waits for its watchers to report that another rank ended first
YIELD = 5.0  # seconds that another failing rank waits for rank 0 to fail likewise, whose error message is better

TOLD = 1  # exit code of a rank that has reported why it failed
MESSAGE_LIMIT = 1000  # characters; an event is written in one piece


@contextmanager
def forked(count: int, emit: Emit) -> Iterator[tuple[int, Callable[[], None]]]:
    """Run the block in ``count`` forked processes; only rank 0, the caller, returns from it.

    Rank 0 holds a pipe that nobody writes to: however rank 0 ends, the others see the end of the pipe and end too.
    Rank 0 in turn ends when another rank ends before it was released.

    Args:
        count: processes, the caller's included.
        emit: takes the ``failed`` event of another rank.

    Yields:
        The rank, and a function that releases the other ranks.
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
            except BaseException as error:  # a forked process must end here, never in its parent's code
                traceback.print_exc()
                time.sleep(YIELD)
                emit_failure(emit, f"device {rank}: {in_one_line(error)}")
            finally:
                os._exit(TOLD)
        others[process] = rank
    os.close(ended)
    free = threading.Event()

    def release() -> None:
        """Let the other ranks end."""
        free.set()
        with suppress(OSError):
            os.close(held)

    for process, rank in others.items():
        threading.Thread(target=watch_rank, args=(process, rank, free, emit), daemon=True).start()
    try:
        yield 0, release
    except Exception:  # often a mere effect of the end of another rank, which is reported first
        time.sleep(TELL)
        raise
    finally:
        release()


def end_with_first(ended: int) -> None:
    """End this process when rank 0 ends, or releases it; ``ended`` is the pipe's file descriptor."""
    os.read(ended, 1)  # returns only when rank 0 has ended or closed the pipe
    os._exit(0)


def park() -> NoReturn:
    """Wait until this process is ended by another thread."""
    while True:
        threading.Event().wait()


def watch_rank(process: int, rank: int, free: threading.Event, emit: Emit) -> None:
    """Wait for another rank to end; if it was not released, report that and end the training."""
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    if not free.is_set():
        if code != TOLD:
            emit_failure(emit, f"device {rank}: its process {ending(code)}")
        os._exit(TrainError.exit_code)


def emit_failure(emit: Emit, message: str) -> None:
    """Emit the ``failed`` event of a rank."""
    emit({"event": "failed", "error": TrainError.__name__, "message": f"train.devices: {message}"[:MESSAGE_LIMIT]})
