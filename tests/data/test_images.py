"""Image files in their three layouts: what is read, and the exact words a user reads when a file is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from factory.config.load import require_data
from factory.core.errors import DataError
from factory.data.dataset import Dataset, DataSpec
from factory.data.decoding import Decoder, Unreadable
from factory.data.load import load_dataset
from factory.data.sources import npz
from factory.data.stored import StoredRows, in_memory

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def draw(file: str, size: tuple[int, int] = (20, 14), mode: str = "RGB") -> Path:
    """An image file of random pixels; size is width and height."""
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    pixels = RANDOM.integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(file)
    return Path(file)


def photos(count: int = 12) -> None:
    """A folder for each of two classes, three formats, colour and grey, many sizes."""
    for number in range(count):
        mode = "L" if number % 5 == 4 else "RGB"
        suffix = ("jpg", "png", "webp")[number % 3]
        draw(f"photos/{('cat', 'dog')[number % 2]}/{number:02}.{suffix}", (8 + number, 30 - number), mode)


def load(**options: Any) -> Dataset:
    return load_dataset({"source": "images", "path": "photos", "size": [6, 4], "split": {}, **options})


def fault(**options: Any) -> list[str]:
    with pytest.raises(DataError) as caught:
        load(**options)
    return caught.value.problems


# ---- what is read


def test_a_folder_for_each_class_becomes_pixels_and_labels() -> None:
    photos()
    draw("photos/cat/.hidden.png")
    Path("photos/dog/Thumbs.db").write_bytes(b"litter")
    data = load()
    (image,), (label,) = data.spec.inputs, data.spec.outputs
    assert (image.name, image.dtype, image.shape) == ("image", "uint8", (6, 4, 3))
    assert (label.name, label.labels, label.shape) == ("label", ("cat", "dog"), (2,))
    assert data.spec.factors == {"image": pytest.approx(1 / 255)}
    assert DataSpec.from_json(data.spec.to_json()) == data.spec
    assert (len(data.train), len(data.validation)) == (10, 2)
    whole = np.concatenate([in_memory(rows.inputs["image"]) for rows in (data.train, data.validation)])
    expected = [Decoder(6, 4, "rgb").decode(file.read_bytes()) for file in Path("photos").rglob("[0-9]*")]
    assert sorted(row.tobytes() for row in whole) == sorted(row.tobytes() for row in expected)


def test_names_of_classes_that_are_whole_numbers_are_numbers() -> None:
    for name in ("0", "1", "10"):
        for number in range(3):
            draw(f"photos/{name}/{number}.png")
    assert load().spec.outputs[0].labels == (0, 1, 10)


def test_what_does_not_fit_into_memory_is_the_same_when_it_is_read() -> None:
    photos(24)
    near, far = load(size=[200, 300]), load(size=[200, 300], memory=1)
    stored = far.train.inputs["image"]
    assert isinstance(stored, StoredRows) and far.train.stored and not near.train.stored
    np.testing.assert_array_equal(in_memory(stored), in_memory(near.train.inputs["image"]))
    np.testing.assert_array_equal(far.train.outputs["label"], near.train.outputs["label"])
    read = far.validation.read(np.array([1, 0]))
    np.testing.assert_array_equal(read.inputs["image"], in_memory(near.validation.inputs["image"])[[1, 0]])
    assert far.fingerprint == load(size=[200, 300], memory=1).fingerprint


def test_the_fingerprint_of_stored_images_sees_their_contents() -> None:
    photos(24)
    before = load(size=[200, 300], memory=1).fingerprint
    draw("photos/cat/00.jpg")
    assert load(size=[200, 300], memory=1).fingerprint != before


def test_a_table_gives_labels_or_numbers() -> None:
    for number in range(6):
        draw(f"photos/{number}.png")
    Path("labels.csv").write_text("kind,age,path\n" + "".join(f"{'ab'[n % 2]},{n}.5,{n}.png\n" for n in range(6)))
    table = {"labels": "labels.csv", "label_column": "kind"}
    assert load(**table).spec.outputs[0].labels == ("a", "b")
    data = load(labels="labels.csv", label_column="age", task="regression")
    ages = np.concatenate([in_memory(rows.outputs["label"]) for rows in (data.train, data.validation)])
    assert sorted(ages.ravel().tolist()) == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    draw("photos/extra.png")
    assert fault(**table) == ["photos/extra.png: has no label; takes a row in labels.csv for each image, or "
                              "data.unlabelled=skip"]  # fmt: skip
    (note,) = load(**table, unlabelled="skip").notes
    assert note == "skipped: 1 images without a label or mask, such as photos/extra.png"


@pytest.mark.parametrize("memory", [512, 1])
def test_masks_give_a_class_for_each_pixel(memory: int) -> None:
    size = (6, 4) if memory == 512 else (400, 300)
    for number in range(10):
        draw(f"photos/{number}.jpg", (4, 6))
        mask = Image.fromarray(np.where(np.arange(24).reshape(6, 4) > number, 255, number % 2).astype(np.uint8))
        Path("photos/masks").mkdir(exist_ok=True)
        mask.save(f"photos/masks/{number}.png")
    data = load(masks="photos/masks", size=list(size), memory=memory)
    (mask,) = data.spec.outputs
    assert (mask.name, mask.labels, mask.shape) == ("mask", (0, 1, 255), (*size, 3))
    rows = in_memory(data.train.outputs["mask"])
    assert rows.dtype == np.int32 and rows.shape == (8, *size) and set(np.unique(rows)) == {0, 1, 2}
    assert data.train.stored == (memory == 1)


def test_bytes_of_an_npz_file_are_pixels_that_the_model_scales() -> None:
    np.savez("p.npz", image=np.zeros((8, 5, 5, 3), np.uint8), codes=np.zeros((8, 2), np.uint8), y=[0, 1] * 4)
    config = {"source": "npz", "path": "p.npz", "outputs": {"y": "classification"}, "split": {}}
    spec = load_dataset(config).spec
    assert spec.factors == {"image": 1 / 255} and [tensor.dtype for tensor in spec.inputs] == ["uint8", "int32"]
    assert load_dataset({**config, "scale": {"codes": 0.5}}).spec.factors == {"codes": 0.5}
    assert load_dataset({**config, "scale": 1.0}).spec.factors == {"image": 1.0, "codes": 1.0}
    with pytest.raises(DataError, match=r"data\.scale: got 'imag'; takes an input of whole numbers: image, codes; did"):
        npz.read(path="p.npz", outputs={"y": "classification"}, scale={"imag": 1.0})


def test_npz_masks_give_a_class_for_each_pixel() -> None:
    masks = np.array([[[7, 9], [9, 9]]] * 10)
    np.savez("p.npz", image=np.zeros((10, 2, 2, 3), np.uint8), mask=masks)
    data = load_dataset({"source": "npz", "path": "p.npz", "outputs": {"mask": "classification"}, "split": {}})
    assert data.spec.outputs[0].labels == (7, 9) and data.spec.outputs[0].shape == (2, 2, 2)
    assert in_memory(data.train.outputs["mask"])[0].tolist() == [[0, 1], [1, 1]]


# ---- decoding


def test_every_mode_becomes_colour_or_grey() -> None:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        content = draw("a.png", mode=mode).read_bytes()
        assert Decoder(6, 4, "rgb").decode(content).shape == (6, 4, 3)
        assert Decoder(6, 4, "grey").decode(content).shape == (6, 4, 1)
    assert Decoder(6, 4, "rgb").decode(draw("a.jpg", mode="CMYK").read_bytes()).dtype == np.uint8


def test_an_image_of_the_wanted_size_keeps_its_pixels() -> None:
    pixels = RANDOM.integers(0, 256, (6, 4, 3), np.uint8)
    Image.fromarray(pixels).save("a.png")
    np.testing.assert_array_equal(Decoder(6, 4, "rgb").decode(Path("a.png").read_bytes()), pixels)


def test_16_bits_a_channel_are_refused() -> None:
    Image.fromarray(np.full((4, 4), 40_000, np.uint16)).save("deep.png")
    with pytest.raises(Unreadable, match=r"^got 16 bits a channel; takes 8, to which your image program converts it$"):
        Decoder(6, 4, "rgb").decode(Path("deep.png").read_bytes())


# ---- faults


def test_damaged_files_are_all_named_and_can_be_skipped() -> None:
    photos(20)
    draw("photos/cat/other.gif")
    Path("photos/cat/text.jpg").write_text("no image")
    Path("photos/dog/empty.png").write_bytes(b"")
    half = Path("photos/dog/03.jpg").read_bytes()
    Path("photos/dog/half.jpg").write_bytes(half[:-40])
    said = fault()
    assert [line.partition(":")[0] for line in said] == [
        "photos/cat/other.gif",
        "photos/cat/text.jpg",
        "photos/dog/empty.png",
        "photos/dog/half.jpg",
    ]
    assert said[1] == "photos/cat/text.jpg: got a file that is no image; takes JPEG, PNG or WebP"
    assert said[3].startswith("photos/dog/half.jpg: got a damaged JPEG file (image file is truncated")
    assert fault(size=[300, 300], memory=1) == said
    data = load(corrupt="skip")
    assert len(data.train) + len(data.validation) == 20
    assert data.notes[1] == f"skipped: {said[1]}"


def test_many_faults_are_counted() -> None:
    for number in range(30):
        path = Path(f"photos/{'ab'[number % 2]}/{number}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    said = fault(corrupt="skip")
    assert len(said) == 21 and said[-1] == "and 10 more like these"


def test_exif_rotation_is_told_and_not_applied() -> None:
    photos()
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(np.zeros((9, 5, 3), np.uint8)).save("photos/cat/turned.jpg", exif=exif)
    assert load().notes == ("1 images have a rotation in their EXIF data, which is not applied",)


def test_masks_that_do_not_fit_are_named() -> None:
    for number in range(4):
        draw(f"photos/{number}.jpg", (8, 6))
        draw(f"masks/{number}.png", (8, 6) if number else (6, 8), "L")
    draw("masks/3.png", (8, 6), "RGB")
    assert fault(masks="masks") == [
        "masks/0.png: got 6 x 8 pixels; takes 8 x 6 pixels as its image has",
        "masks/3.png: got a PNG file of mode RGB; takes a PNG file with one number a pixel (grey or palette)",
    ]
    draw("masks/9.png")
    draw("photos/7.jpg")
    assert fault(masks="masks") == [
        "masks/9.png: has no image in photos",
        "photos/7.jpg: has no mask; takes a mask of the same name in masks for each image, or data.unlabelled=skip",
    ]


def test_a_table_that_does_not_fit_is_told_by_row() -> None:
    draw("photos/0.png")
    Path("labels.csv").write_text("path,label\n0.png,a\n0.png,b\n1.png,a\nx.png,\n")
    assert fault(labels="labels.csv") == [
        "labels.csv: row 3: got '0.png' again (row 2); takes each file once",
        "labels.csv: row 4: got '1.png'; takes a file in photos",
        "labels.csv: row 5, column 'label': got nothing; takes a label",
    ]
    assert fault(labels="labels.csv", label_column="lable") == [
        "data.label_column: got 'lable'; takes a column of labels.csv: path, label; did you mean 'label'?"
    ]
    Path("labels.csv").write_text("path,label\n0.png,old\n")
    assert fault(labels="labels.csv", task="regression") == [
        "labels.csv: row 2, column 'label': got 'old'; takes a number"
    ]


@pytest.mark.parametrize("first", ["the parent", "the child"])
def test_folders_are_checked_before_any_framework_starts_and_again_when_they_are_read(first: str) -> None:
    def said(**options: Any) -> list[str]:
        if first == "the child":
            return fault(**options)
        with pytest.raises(DataError) as caught:
            require_data({"source": "images", "path": "photos", **options})
        return caught.value.problems

    assert said() == ["data.path: got 'photos'; takes a folder that exists"]
    Path("photos").mkdir()
    assert said() == ["data.path: got 'photos'; takes a folder that holds images"]
    draw("photos/loose.png")
    draw("photos/cat/1.png")
    assert said() == [
        "photos/loose.png: lies in no folder of a class; takes a folder for each class, or data.labels, or data.masks"
    ]
    Path("photos/loose.png").unlink()
    assert said() == ["photos: got one class, 'cat'; takes at least 2 folders that hold images"]
    assert said(masks="msks") == ["data.masks: got 'msks'; takes a folder that exists"]
    draw("photos/dog/1.png")
    if first == "the parent":
        require_data({"source": "images", "path": "photos"})
