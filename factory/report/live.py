"""PARENT: the live display of a run: a progress bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from factory.core.printable import visible
from factory.core.terminal import Terminal


class Silent:
    """A display that shows nothing, for notebooks and tests; ``told`` are the warnings that it has shown."""

    told: Sequence[str] = ()

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def event(self, event: Mapping[str, Any]) -> None:
        pass


class Lines(Silent):
    """A display that prints a plain line for each event that belongs in a log."""

    def __init__(self, console: Terminal) -> None:
        self.console = console
        self.told: list[str] = []

    def event(self, event: Mapping[str, Any]) -> None:
        """Show an event that a stage sent."""
        for line in lines_of(event):
            self.console.say(line)
        if event["event"] == "warning":
            self.told.append(event["text"])


class Bar(Lines):
    """A display that prints the same lines, and below them a bar with step rate, metrics and time left."""

    def __init__(self, console: Terminal) -> None:
        super().__init__(console)
        columns = ("{task.completed:.0f}/{task.total:.0f} steps", "{task.fields[rate]}", "{task.fields[metrics]}")
        left = TextColumn("{task.description}", style="bold", markup=False)
        right = (TextColumn(column, markup=False) for column in columns)
        self.progress = Progress(left, BarColumn(), *right, TimeRemainingColumn(), console=console, transient=True)
        self.task: TaskID | None = None

    def __enter__(self) -> Bar:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def event(self, event: Mapping[str, Any]) -> None:
        super().event(event)
        if event["event"] not in ("step", "epoch"):
            return
        done = (event["epoch"] - 1) * event["steps"] + event["step"]
        total = event["epochs"] * event["steps"]
        fields: dict[str, Any] = {
            "description": f"epoch {event['epoch']}/{event['epochs']}",
            "rate": f"{event['step'] / event['elapsed']:.0f}/s",
            "metrics": visible(figures(event["metrics"])),  # Rich makes a Text of it, which does not escape
        }
        if self.task is None:
            self.task = self.progress.add_task(total=total, completed=done, **fields)
        self.progress.update(self.task, total=total, completed=done, **fields)
        if done >= total:
            self.progress.remove_task(self.task)
            self.task = None


def watcher(console: Terminal) -> Lines:
    """Return the display that fits a console: a bar on a terminal, else lines."""
    return Bar(console) if console.is_terminal else Lines(console)


def lines_of(event: Mapping[str, Any]) -> list[str]:
    """Return the lines of an event for a log; none where the event has none."""
    line = line_of(event)
    return list(event["lines"]) if event["event"] == "columns" else [line] if line else []


def line_of(event: Mapping[str, Any]) -> str | None:
    """Return the log line of an event that has one; None where it has none."""
    match event["event"]:
        case "built":
            on = event["backend"] + (f", {event['devices']} devices" if event.get("devices", 1) > 1 else "")
            unit = "; the loss counts in deviations of the target" if event.get("scaled") else ""
            return f"train on {on}: {event['parameters']:,} parameters, {event['rows']:,} rows{unit}"
        case "note":
            return f"data: {event['text']}"
        case "warning":
            return f"warning: {event['text']}"
        case "resumed":
            return f"train: going on after epoch {event['epoch']}"
        case "epoch":
            rate = f"{event['steps'] / event['elapsed']:.0f} steps/s"
            return f"epoch {event['epoch']}/{event['epochs']}  {figures(event['metrics'])}  {rate}"
        case "silent":
            where = f"{event['stage']} on {event['backend']}"
            return f"{where}: nothing heard for {event['seconds']} s; see {event['log']}; Ctrl-C ends the run"
        case "target":
            why = f": {event['error']}" if event.get("error") else ""
            return f"{event['target']} made under {event['backend']}: {event['status']}{why}"
    return None


def figures(metrics: Mapping[str, float]) -> str:
    """Return metrics as one line of text, four significant digits each."""
    return "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())
