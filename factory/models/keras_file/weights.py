"""CHILD: ``model.weights.h5`` of a ``.keras`` file: plain numbers that lie in it and nowhere else.

HDF5 can point to other files (external links and storage, virtual datasets) and announce arrays of any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import h5py

DEEPEST = 100  # groups in groups; a model's layers and their variables


def problems(file: IO[bytes], size: int) -> Iterator[str]:
    """Everything that is not an array of numbers inside the file.

    Args:
        file: the member's bytes.
        size: how many there are.
    """
    try:
        opened = h5py.File(file, "r")
    except (OSError, ValueError) as error:
        yield f"got a broken model.weights.h5 ({str(error)[:80]}); takes the weights as Keras saves them"
        return
    with opened:
        total = 0
        for place, found in _members(opened):
            if isinstance(found, str):
                yield f"model.weights.h5: {place}: got {found}; takes arrays that lie in the file itself"
                return
            total += found
        if total > size:
            yield f"model.weights.h5: got arrays of {total} bytes in {size}; takes arrays that are all there"


def _members(root: Any) -> Iterator[tuple[str, str | int]]:
    """Each array's place with its bytes, or what is wrong with the member there; no link is followed unseen."""
    pending = [("", root)]
    while pending:
        place, group = pending.pop()
        for name in group:
            inner = f"{place}/{name}"
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
    if array.is_virtual or array.external:
        return "an array whose numbers lie in another file"
    if array.dtype.hasobject:
        return f"an array of {array.dtype}"
    return int(array.nbytes)
