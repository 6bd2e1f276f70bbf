"""The folder of a sweep as sweeps leave it, of any size and with anything in it, without training a model."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from factory.core.files import write_json, write_text
from factory.sweep.plan import PLAN, Job

Make = Callable[[Path], Path]
"""Makes a sweep's folder."""


def sweep(folder: Path, jobs: Sequence[Job], **record: Any) -> Path:
    """Write sweep.json and plan.jsonl."""
    usual = {"status": "done", "jobs": len(jobs), "at_a_time": 2, "threads": 1, "seconds": 71.5, "command": ["a=1,2"]}
    usual["aims"] = [{"metric": "auto", "mode": "auto"}]
    write_json(folder / "sweep.json", {**usual, **record})
    write_text(folder / PLAN, "".join(json.dumps(asdict(job)) + "\n" for job in jobs))
    return folder


def job(folder: Path, number: int, *overrides: str, **more: Any) -> Job:
    return Job(number, overrides, str(folder / str(number)), **{"train_key": str(number), **more})


def trained(metrics: Mapping[str, float], epochs: int, seconds: float) -> dict[str, Any]:
    """train/report.json of a training of one number that nobody has seen."""
    tensor = {"name": "x", "dtype": "float32", "shape": [1]}
    return {
        "status": "done",
        "key": "0" * 64,
        "backend": "torch",
        "parameters": 1,
        "epochs": epochs,
        "metrics": metrics,
        "rows": {"train": 1, "validation": 1},
        "data": {
            "fingerprint": "",
            "inputs": [tensor],
            "outputs": [{"name": "y", "task": "regression", "labels": None}],
        },
        "signature": {"inputs": [tensor], "outputs": [tensor]},
        "sha256": {"model.keras": "0" * 64, "reference.npz": "0" * 64},
        "timings": [{"name": "fit", "start": 0, "seconds": seconds}],
    }


PASSED = {"status": "passed", "backend": "torch", "error": None, "published": None}


def ran(
    job: Job,
    metrics: Mapping[str, float],
    *,
    history: Sequence[Mapping[str, float]] = (),
    targets: Mapping[str, tuple[int, float]] | None = None,
    seconds: float = 1.0,
    **summary: Any,
) -> Job:
    """Give a job a run that ended.

    Args:
        history: its epochs.
        targets: target → bytes, seconds of a call with one row.
        seconds: that fitting took.
        summary: fields of run.json.
    """
    folder = Path(job.folder)
    write_json(
        folder / "run.json",
        {
            "status": "published" if targets else "trained",
            "name": "made",
            "train": trained(metrics, len(history), seconds),
            "targets": {
                name: {**PASSED, "bytes": size, "latency": {"1": latency}}
                for name, (size, latency) in (targets or {}).items()
            },
            **summary,
        },
    )
    if history:
        names = list(history[0])
        lines = [",".join(names), *(",".join(str(row[name]) for name in names) for row in history)]
        write_text(folder / "train" / "history.csv", "\n".join(lines) + "\n")
    return job


def many(folder: Path, count: int = 500, epochs: int = 100) -> Path:
    """A search as people do it: numbers, lists, words and nulls; some fail, some repeat, one diverges."""
    chance, jobs = random.Random(3), []
    for number in range(count):
        rate, width = 10 ** chance.uniform(-5, 0), chance.choice([16, 32, 64, 128])
        words = [
            f"optimizer.learning_rate={rate}",
            f"model.hidden={[width] * chance.choice([1, 2])}".replace(" ", ""),
            f"model.dropout={chance.choice([0.0, 0.1, 0.2, 0.3])}",
            f"train.batch_size={chance.choice([16, 32, 64])}",
            f"train.class_weight={chance.choice(['null', 'balanced'])}",
            f"optimizer={chance.choice(['adam', 'adamw', 'sgd', 'lion'])}",
        ]
        if number % 40 == 7:
            jobs.append(job(folder, number, *words, fault="train.batch_size: got 0; takes an integer of at least 1"))
            continue
        jobs.append(job(folder, number, *words))
        if number % 40 == 9:
            error = f"train: the loss is nan in epoch {number % 7}; try a smaller optimizer.learning_rate"
            ran(jobs[-1], {}, history=curve(0.1, 9.0, epochs // 10), status="failed", error=error, train=None)
            continue
        good = 0.97 - 0.05 * (math.log10(rate) + 2.7) ** 2 + 0.01 * math.log2(width / 16) + chance.gauss(0, 0.01)
        good = min(0.995, max(0.1, good))
        targets = {
            "saved_model": (20_000 + 900 * width, (0.1 + width / 900) / 1000),
            "litert": (4_000 + 400 * width, chance.uniform(0.001, 0.009) / 1000),
        }
        history = curve(good, 2.5 * (1 - good) + 0.02, epochs)
        ran(jobs[-1], {"loss": 2.5 * (1 - good) + 0.02, "accuracy": good}, history=history, targets=targets)
    return sweep(
        folder, jobs, command=["optimizer.learning_rate=interval(1e-5,1)", "model.hidden=[16],[32],[64],[128]"]
    )


def curve(accuracy: float, loss: float, epochs: int) -> list[dict[str, float]]:
    """Epochs that end at these."""
    return [
        {
            "epoch": epoch,
            "loss": loss * (0.9 + 5 * math.exp(-epoch / 6)),
            "val_loss": loss * (1 + 5 * math.exp(-epoch / 6)),
            "accuracy": accuracy * (1 - 0.7 * math.exp(-epoch / 8)),
            "val_accuracy": accuracy * (1 - 0.8 * math.exp(-epoch / 8)),
        }
        for epoch in range(1, epochs + 1)
    ]
