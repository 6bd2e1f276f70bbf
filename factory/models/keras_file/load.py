"""CHILD: Loading of a ``.keras`` file, which may come from a stranger: it is screened first.

Keras builds a model from names in the file, and its safe mode has let functions that download or open files through.
Here nothing of a file reaches Keras before all of it is known to be what Keras itself writes of models like ours: an
archive of four kinds of members (`archive`), names of the modelling API (`naming`, `configuration`), plain numbers
(`weights`).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import keras

from factory.core.errors import ExportError
from factory.core.foreign_errors import one_line
from factory.models.keras_file import archive, configuration, weights

__all__ = ["load_keras_file", "reason", "refusal"]


def load_keras_file(path: Path) -> keras.Model:
    """Screen a ``.keras`` file and load it in Keras' safe mode, without its training state.

    Args:
        path: of the file; relative ones are from the working directory.

    Raises:
        ExportError: the file is refused, or its classes do not accept what was saved of them; one line.
    """
    if refused := refusal(path):
        raise ExportError(f"{path}: {refused}; not loaded")
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # classes of ours or of Keras may raise anything at what was saved
        raise ExportError(f"{path}: {reason(error)}") from error


def refusal(path: Path, *, only_weights: bool = False) -> str | None:
    """Return why a file must not be given to Keras, in one line without the file's name; None where it may be.

    Args:
        path: of the file.
        only_weights: whether only its weights will be loaded, into an existing model; then its classes do not matter.
    """
    try:
        return next(_faults(path, only_weights), None)
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        return f"got a broken file ({one_line(error)}); takes a .keras file as Keras saves it"


def _faults(path: Path, only_weights: bool) -> Iterator[str]:
    """Yield problems of the file; only the first is reliable, since later checks rely on earlier ones."""
    yield from archive.problems(path)
    with zipfile.ZipFile(path) as opened:
        if not only_weights:
            yield from configuration.problems(opened.read(archive.CONFIG))
        with opened.open(archive.WEIGHTS) as numbers:
            yield from weights.problems(numbers, opened.getinfo(archive.WEIGHTS).file_size)


def reason(error: Exception) -> str:
    """Return Keras' long message about a file that does not load as one line that says what to do."""
    text = str(error)
    if classes := re.findall(r"<class '([\w.]+)'> could not be deserialized", text):
        why = " ".join(text.rpartition("Exception encountered: ")[2].split())[:200]
        name = classes[-1].rpartition(".")[2]
        return f"{name} cannot be made again from what it saved ({why}); its get_config() must hold what __init__ takes"
    if unfit := re.search(r"A total of (\d+) objects could not be loaded.*?for object (.*?):\n+(.*?)\n", text, re.S):
        count, layer, why = unfit.groups()
        return f"the weights are another model's: {count} of its layers do not take them, such as {layer} ({why})"
    return one_line(error)
