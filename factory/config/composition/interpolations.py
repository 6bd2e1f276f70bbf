"""PARENT: The check of ``${…}`` in YAML files, which may name keys and resolvers that compute from the config alone.

``oc.env`` reads secrets; ``oc.decode`` and ``oc.create`` read texts as interpolations again; of Hydra's node most tells
of the machine and of what was typed. On the command line, which is the user's own, all of them are free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from factory.core.messages import listed, shown

RESOLVERS = ("data_name", "hydra", "now", "oc.deprecated", "oc.dict.keys", "oc.dict.values", "oc.select")
OF_HYDRA = re.compile(r"hydra[:.](runtime\.choices\.|job\.(num|id|name|override_dirname)$)")
REFERENCE = re.compile(r"\$\{\s*(?P<name>[\w.\-/@\[\]]+)\s*(?P<end>[:}])\s*(?P<argument>[\w.\-/@]*)")


def refused(text: str) -> Iterator[str]:
    """Yield each problem of the interpolations in a text, in words that follow its key.

    One behind a backslash is checked too: a text that becomes an override is parsed a second time.
    """
    for start in re.finditer(r"\$\{", text):
        match = REFERENCE.match(text, start.start())
        if not match:
            if not text[: start.start()].endswith("\\"):
                yield f"got {shown(text)}; takes ${{key}}, its key written out and closed by }}"
            continue
        name, end, argument = match.groups()
        reference = f"{name}:{argument}" if end == ":" else name
        if end == ":" and name not in RESOLVERS:
            takes = f"keys of the config and {listed(RESOLVERS)}; the command line alone may name others"
            yield f"got the resolver {shown(name)}; takes {takes}"
        elif re.split(r"[:.\[]", reference)[0] == "hydra" and not OF_HYDRA.match(reference):
            yield f"got {shown('${' + reference + '}')}; takes hydra:runtime.choices.<group> or hydra:job.num"
