"""SHARED: The contract of a published name: the signature that its clients rely on, which the next version keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from factory.core.errors import PublishError
from factory.core.messages import listed

Terms = Mapping[str, Any]
"""``signature`` (inputs and outputs in order, each with name, dtype, shape) and, where they are known, ``labels``.

Where the data has preprocessing, ``raw`` is the signature that clients know: raw columns and answers.
"""


def require_same(name: str, before: Terms | None, now: Terms) -> None:
    """Refuse to publish a version under a name whose newest version has another signature.

    Args:
        name: the published name, which clients ask for.
        before: terms of the newest version, with its number as ``version``; None where no version tells them.
        now: terms of the version to be published.

    Raises:
        PublishError: they differ; one line that shows both sides of each difference.
    """
    changed = list(differences(before, now)) if before and "signature" in now else []
    if before and changed:
        raise PublishError(
            f"publish.contract: version {before['version']} of {name!r} has another signature: {'; '.join(changed)}; "
            "clients would break: give another name=, or publish.contract=change"
        )


def may_change(tree: Mapping[str, Any]) -> bool:
    """Return whether a config lets a version have another signature than the one before it."""
    return (tree.get("publish") or {}).get("contract") == "change"  # older configs have no node publish


def differences(before: Terms, now: Terms) -> Iterator[str]:
    """Yield a line for each input and output that changed, and for a change of their order."""
    all_labels = {**(before.get("labels") or {})}, {**(now.get("labels") or {})}
    for end in ("inputs", "outputs"):
        old, new = ({tensor["name"]: tensor for tensor in called(terms)[end]} for terms in (before, now))
        for name in dict.fromkeys((*old, *new)):
            both = all(name in labels for labels in all_labels)
            was, is_ = (
                worded(side.get(name), labels.get(name) if both else None)
                for side, labels in zip((old, new), all_labels, strict=True)
            )
            if was != is_ or (both and all_labels[0][name] != all_labels[1][name]):
                yield f"{end[:-1]} {name!r} was {was} and is {is_}"
        if old.keys() == new.keys() and [*old] != [*new]:
            yield f"the {end} were in the order {listed([*old])} and are {listed([*new])}"


def called(terms: Terms) -> Mapping[str, Any]:
    """Return the signature that clients know."""
    found: Mapping[str, Any] = terms.get("raw") or terms["signature"]
    return found


def worded(tensor: Mapping[str, Any] | None, labels: Sequence[Any] | None) -> str:
    """Return an input or output in a few words: its dtype, its shape and its labels."""
    if tensor is None:
        return "not there"
    words = f"{tensor['dtype']} ({', '.join(map(str, tensor['shape']))})"
    return words if labels is None else f"{words} of {len(labels)} labels {listed([repr(label) for label in labels])}"
