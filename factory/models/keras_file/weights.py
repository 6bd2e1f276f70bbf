"""CHILD: Screening of ``model.weights.h5`` of a ``.keras`` file: it may hold only arrays of numbers, inside itself.

HDF5 can point to other files (external links and storage, virtual datasets) and announce arrays of any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import h5py

DEEPEST = 100  # levels of nested groups, which are a model's layers and their variables


def problems(file: IO[bytes], size: int) -> Iterator[str]:
    """Yield what is not an array of numbers inside the file, each in one line.

    Args:
        file: the archive's member, opened.
        size: of the member in bytes.
    """
    try:
        opened = h5py.File(file, "r")
    except (OSError, ValueError) as error:
        yield f"got a broken model.weights.h5 ({str(error)[:80]}); takes the weights as Keras saves them"
        return
    with opened:
        total = 0
        for path, size_or_problem in _members(opened):
            if isinstance(size_or_problem, str):
                yield f"model.weights.h5: {path}: got {size_or_problem}; takes arrays that lie in the file itself"
                return
            total += size_or_problem
        if total > size:
            yield f"model.weights.h5: got arrays of {total} bytes in {size}; takes arrays that are all there"


def _members(root: Any) -> Iterator[tuple[str, str | int]]:
    """Yield the path of each member with its size in bytes, or with what is wrong with it; follow no unchecked link."""
    pending = [("", root)]
    while pending:
        path, group = pending.pop()
        for name in group:
            inner = f"{path}/{name}"
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                yield inner, f"a {type(link).__name__}"
            elif isinstance(member := group[name], h5py.Dataset):
                yield inner, _array(member)
            elif isinstance(member, h5py.Group) and inner.count("/") < DEEPEST:
                pending.append((inner, member))
            else:
                yield inner, "no array and no group of arrays"


def _array(array: Any) -> str | int:
    """Return an array's size in bytes, or what is wrong with it."""
    if array.is_virtual or array.external:
        return "an array whose numbers lie in another file"
    if array.dtype.hasobject:
        return f"an array of {array.dtype}"
    return int(array.nbytes)
