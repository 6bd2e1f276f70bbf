"""CHILD: Screening of the zip archive of a ``.keras`` file: which members it may have, and how they are stored."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from factory.core.messages import shown

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MEMBERS = re.compile(
    r"metadata\.json|config\.json|model\.weights\.h5|assets/(?:[A-Za-z0-9_][\w.-]*/)*vocabulary\.txt", re.ASCII
)
"""Names of all members that keras 3.15 writes; its only assets are vocabularies of lookup layers."""

MOST_MEMBERS = 10_000
LARGEST_CONFIG = 64 << 20  # bytes; the largest of keras.applications, NASNetLarge, has 1 MiB


def problems(path: Path) -> Iterator[str]:
    """Yield everything about the archive that Keras would not have written, each in one line.

    Keras stores members as they are. Where nothing is compressed and no two members share bytes, nothing can unpack to
    more than the file's own size.
    """
    if not path.is_file():
        yield "there is no such file" if not path.exists() else "got a folder or device; takes a .keras file"
        return
    if not zipfile.is_zipfile(path):
        yield "got no zip archive, which every .keras file is; takes a file saved by Keras 3, whole"
        return
    with zipfile.ZipFile(path) as opened:
        members = opened.infolist()
    names = [member.filename for member in members]
    if len(members) > MOST_MEMBERS:
        yield f"got {len(members)} members; takes at most {MOST_MEMBERS}"
        return
    for name in names:
        if not MEMBERS.fullmatch(name):
            yield f"got the member {shown(name)}; takes {CONFIG}, metadata.json, {WEIGHTS} and assets"
    if twice := next((name for name in names if names.count(name) > 1), None):
        yield f"got the member {shown(twice)} twice; takes each once"
    for wanted in (CONFIG, WEIGHTS):
        if wanted not in names:
            yield f"has no member {wanted}; takes a file saved by Keras 3"
    yield from _storage(members, path.stat().st_size)


def _storage(members: list[zipfile.ZipInfo], size: int) -> Iterator[str]:
    """Yield what is wrong with the way in which members are stored in a file of ``size`` bytes."""
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            yield f"got the compressed member {shown(member.filename)}; takes members stored as they are, as Keras does"
        if member.flag_bits & 0x1:
            yield f"got the encrypted member {shown(member.filename)}; takes none"
        if (member.external_attr >> 16) & 0o170000 not in (0, 0o100000):
            yield f"got {shown(member.filename)}, which is no plain file; takes plain files"
        if member.filename == CONFIG and member.file_size > LARGEST_CONFIG:
            yield f"got a {CONFIG} of {member.file_size >> 20} MiB; takes at most {LARGEST_CONFIG >> 20} MiB"
    total = sum(member.file_size for member in members)
    if total > size:
        yield f"got members of {total} bytes in a file of {size}; takes members that do not overlap"
