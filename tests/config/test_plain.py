"""What is composed without Hydra is what Hydra composes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from factory.config.composition import plain
from factory.config.composition.compose import compose_config
from factory.config.composition.folders import package_conf
from factory.diff.compositions import offered, words

OFFERED = {"default": {}, **offered([package_conf()])}


@pytest.mark.parametrize("label", OFFERED)
def test_plain_is_what_hydra_says_down_to_the_order_of_keys(label: str) -> None:
    chosen = OFFERED[label]
    composed = compose_config(words(chosen)).tree
    found = plain.compose(plain.Groups([package_conf()]), chosen)
    assert found == composed
    for ordered in ("model", "data"):
        assert json.dumps(found[ordered].get("layers")) == json.dumps(composed[ordered].get("layers"))


UNUSUAL = {
    "an option of another package": "# @package elsewhere\nkind: mlp\n",
    "an absolute group": "defaults: [/data: iris]\nkind: mlp\nhidden: [3]\n",
    "a resolver": "kind: mlp\nhidden: [3]\nactivation: ${oc.env:HOME}\n",
    "a relative reference": "kind: mlp\nhidden: [3]\nactivation: ${.kind}\n",
    "a reference that leads nowhere": "kind: mlp\nhidden: ${nope}\n",
    "a broken reference": 'kind: mlp\nhidden: [3]\nactivation: "${a b"\n',
    "a key twice": "kind: mlp\nhidden: [3]\nhidden: [4]\n",
    "a set": "kind: mlp\nhidden: !!set {3}\n",
    "broken YAML": "kind: [\n",
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_what_is_not_plain_is_left_to_hydra(what: str, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "odd.yaml").write_text(UNUSUAL[what])
    with pytest.raises(plain.NotPlain):
        plain.compose(plain.Groups([tmp_path, package_conf()]), {"model": "odd"})


def test_users_folder_goes_before_the_package(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mlp.yaml").write_text("kind: mlp\nhidden: [7]\n")
    assert plain.compose(plain.Groups([tmp_path, package_conf()]), {})["model"] == {"kind": "mlp", "hidden": [7]}


def test_scalars_are_what_hydra_reads(tmp_path: Path) -> None:
    words = "1e-3, 1.e3, .5, 2026-01-01, 12:30, yes, off, ~, null, 0x1F, 0o17, 017, 1_000, .inf, -.INF, '1', 1e5, +1"
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "odd.yaml").write_text(f"kind: mlp\nhidden: [{words}]\nmore: {{7: a, true: b, 2.5: c}}\n")
    composed = compose_config(["model=odd"], str(tmp_path)).tree["model"]
    found = plain.compose(plain.Groups([tmp_path, package_conf()]), {"model": "odd"})["model"]
    assert repr(found) == repr(composed)
