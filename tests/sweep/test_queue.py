"""Which job may start when."""

from __future__ import annotations

import threading

from factory.sweep.plan import Job
from factory.sweep.queue import Waiting


def jobs(keys: str) -> list[Job]:
    """A job for each letter; the letter is the key of its training."""
    return [Job(number, (), "", key) for number, key in enumerate(keys)]


def taken(waiting: Waiting, count: int) -> list[int]:
    return [job.number for job in (waiting.take() for _ in range(count)) if job]


def test_one_job_of_each_training_starts_first() -> None:
    waiting = Waiting(jobs("aabbc"), share=True)
    assert taken(waiting, 3) == [0, 2, 4]
    waiting.trained("b")
    assert taken(waiting, 1) == [3]
    waiting.trained("a")
    assert taken(waiting, 1) == [1]


def test_without_sharing_all_start_in_order() -> None:
    assert taken(Waiting(jobs("aab"), share=False), 3) == [0, 1, 2]


def test_training_that_failed_gives_back_the_jobs_that_waited_for_it() -> None:
    waiting = Waiting(jobs("aaab"), share=True)
    assert taken(waiting, 2) == [0, 3]
    assert [job.number for job in waiting.untrained("a")] == [1, 2]
    waiting.ended()
    waiting.ended()
    assert waiting.take() is None


def test_nobody_waits_for_jobs_that_will_not_come() -> None:
    """Three takers of two jobs; the one that gets none returns once the others' have ended."""
    waiting = Waiting(jobs("ab"), share=True)
    numbers: list[int | None] = []

    def work() -> None:
        while (job := waiting.take()) is not None:
            numbers.append(job.number)
            waiting.ended()
        numbers.append(None)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=5)
    assert not any(thread.is_alive() for thread in threads)
    assert sorted(number for number in numbers if number is not None) == [0, 1]


def test_stop_ends_the_waiting() -> None:
    waiting = Waiting(jobs("aa"), share=True)
    assert taken(waiting, 1) == [0]
    thread = threading.Thread(target=waiting.take)
    thread.start()
    waiting.stop()
    thread.join(timeout=5)
    assert not thread.is_alive()
