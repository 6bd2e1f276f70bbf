"""SHARED: The errors that this package raises for a reason that a user can act on.

FactoryError               1    something of ours went wrong; the message says what in one line
├── ConfigError            2    the declaration is refused: one line for each fault, nothing was started
│   ├── DataError          2    a file or table is not what the declaration says it is
│   │   └── MissingFile    2    a file that is to be read is not there
│   └── MissingPackage     2    a backend or runtime that was asked for is not installed
├── TrainError             3    training failed or diverged
├── ExportError            4    a target could not be produced, loaded or run
├── GateError              5    an artifact does not compute what was trained; it is in quarantine
├── RequirementError       5    a model does not reach what ``deploy.require`` demands; nothing is published
├── PublishError           4    a proven artifact could not be published
├── Pruned                 1    a search has seen enough of a trial; no fault of anybody
├── ReviewError            6    a change of the config is of a class that ``diff --fail-on`` refuses
└── Interrupted          130    Ctrl-C; the run can be resumed

The number is the exit code of `python -m factory`.
"""

from __future__ import annotations

from collections.abc import Iterable

from factory.core.printable import visible


class FactoryError(Exception):
    """The base of all errors of this package; ``str(error)`` is the text that the user reads.

    Args:
        problems: one or several; each becomes one line, whatever characters it holds.
    """

    exit_code = 1

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = [visible(problem) for problem in ([problems] if isinstance(problems, str) else problems)]
        super().__init__("\n".join(self.problems))


class ConfigError(FactoryError):
    """A declaration that is refused: ``<config path>: got <value>; takes <what>; did you mean <nearest>?``"""

    exit_code = 2


class DataError(ConfigError):
    """A file or table that is not what the declaration says; the message names the file, row or column."""


class MissingFile(DataError):
    """A file to be read that does not exist; the message names the files that do."""


class MissingPackage(ConfigError):
    """A backend or runtime that is not installed; the message gives the pip command."""


class TrainError(FactoryError):
    """A training that failed or diverged."""

    exit_code = 3


class ExportError(FactoryError):
    """A target that could not be produced, loaded or run in its own runtime."""

    exit_code = 4


class GateError(FactoryError):
    """An artifact that does not compute what was trained."""

    exit_code = 5


class RequirementError(FactoryError):
    """A model that does not reach what ``deploy.require`` demands."""

    exit_code = 5


class PublishError(FactoryError):
    """A proven artifact that could not be published."""

    exit_code = 4


class Pruned(FactoryError):
    """A trial that its search ended early because its metrics promise nothing."""


class ReviewError(FactoryError):
    """A change of the config of a class that ``diff --fail-on`` refuses."""

    exit_code = 6


class Interrupted(FactoryError):
    """A command that the user ended by Ctrl-C; what is on disk is whole and resumable."""

    exit_code = 130


def revive_error(name: str, message: str) -> FactoryError:
    """Return an error that crossed a process boundary, from the name of its class and its text.

    Args:
        name: of a class of this module; any other becomes a `FactoryError`.
        message: one line for each problem.
    """
    named = globals().get(name)
    kind = named if isinstance(named, type) and issubclass(named, FactoryError) else FactoryError
    return kind(message.split("\n"))
