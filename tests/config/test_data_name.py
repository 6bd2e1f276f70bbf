"""The default name of a model: by its model and what its data is called."""

from __future__ import annotations

import pytest

from factory.config.composition.compose import compose_config
from factory.config.composition.data_name import data_name
from factory.core.names import is_name

NAMES = {
    "houses.csv": "houses",
    "/data/2024/houses.v2.csv.gz": "houses",
    "photos/": "photos",
    "v1.2-photos": "v1.2-photos",
    "Häuser (neu) 2024.csv": "Hauser-neu-2024",
    "-rf.csv": "rf",
    "家.csv": "csv",
    "..": "csv",
    "???": "csv",
    "a" * 300 + ".csv": "a" * 64,
}


@pytest.mark.parametrize("path", NAMES)
def test_a_file_gives_its_name_as_far_as_a_server_takes_it(path: str) -> None:
    assert data_name(path, "csv") == NAMES[path]
    assert is_name(f"mlp-{data_name(path, 'csv')}")


def test_the_default_name_follows_the_file_and_a_given_one_stays() -> None:
    words = ["data=csv", "data.path=my/houses.csv", "data.target=price", "data.task=regression"]
    assert compose_config(words).tree["name"] == "tabular-houses"
    assert compose_config([*words, "name=ours"]).tree["name"] == "ours"
    assert compose_config(["model=cnn", "data=digits_image"]).tree["name"] == "cnn-digits_image"
