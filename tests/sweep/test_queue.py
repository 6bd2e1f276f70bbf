"""Which job may start when."""

from __future__ import annotations

import threading

from factory.sweep.plan import Job
from factory.sweep.queue import JobQueue


def jobs(keys: str) -> list[Job]:
    """A job for each letter; the letter is the key of its training."""
    return [Job(number, (), "", key) for number, key in enumerate(keys)]


def taken(queue: JobQueue, count: int) -> list[int]:
    return [job.number for job in (queue.take() for _ in range(count)) if job]


def test_queue_hands_out_one_job_of_each_training_first() -> None:
    queue = JobQueue(jobs("aabbc"), share=True)
    assert taken(queue, 3) == [0, 2, 4]
    queue.trained("b")
    assert taken(queue, 1) == [3]
    queue.trained("a")
    assert taken(queue, 1) == [1]


def test_queue_without_sharing_hands_out_all_jobs_in_order() -> None:
    assert taken(JobQueue(jobs("aab"), share=False), 3) == [0, 1, 2]


def test_queue_returns_the_jobs_that_waited_for_a_failed_training() -> None:
    queue = JobQueue(jobs("aaab"), share=True)
    assert taken(queue, 2) == [0, 3]
    assert [job.number for job in queue.untrained("a")] == [1, 2]
    queue.ended()
    queue.ended()
    assert queue.take() is None


def test_queue_ends_its_takers_when_the_last_jobs_have_ended() -> None:
    """Three takers of two jobs; the one that gets none returns once the others' have ended."""
    queue = JobQueue(jobs("ab"), share=True)
    numbers: list[int | None] = []

    def work() -> None:
        while (job := queue.take()) is not None:
            numbers.append(job.number)
            queue.ended()
        numbers.append(None)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=5)
    assert not any(thread.is_alive() for thread in threads)
    assert sorted(number for number in numbers if number is not None) == [0, 1]


def test_stopping_the_queue_wakes_its_takers() -> None:
    queue = JobQueue(jobs("aa"), share=True)
    assert taken(queue, 1) == [0]
    thread = threading.Thread(target=queue.take)
    thread.start()
    queue.stop()
    thread.join(timeout=5)
    assert not thread.is_alive()
