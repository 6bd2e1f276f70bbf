"""CHILD: Decoding of image files to pixels of one size, by Pillow.

The steps are pinned, so that other runtimes can repeat them bit for bit: the stored pixels are decoded (libjpeg's
accurate integer transform), an alpha channel is dropped, colours become grey by the weights 0.299, 0.587, 0.114, and
two bilinear resizes with antialiasing follow: of the width, then of the height. The aspect ratio is not kept. A
rotation in the EXIF data is not applied.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from factory.data.stored import Array

FORMATS = tuple(kind.format for kind in (JpegImageFile, PngImageFile, WebPImageFile))
"""JPEG, PNG and WEBP; their plug-ins are imported, for Pillow's search for others is no work for many threads."""
CHANNELS = {"rgb": 3, "grey": 1}
ORIENTATION = 274  # the EXIF tag; 1 is upright


class Unreadable(ValueError):
    """A file that is no image of ours; the text goes behind the name of the file."""


@dataclass(frozen=True)
class Decoder:
    """The decoding of images to one size and one number of channels.

    Args:
        height: of the result, in pixels.
        width: likewise.
        color: ``rgb`` or ``grey``.
    """

    height: int
    width: int
    color: Literal["rgb", "grey"]

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of a decoded image."""
        return self.height, self.width, CHANNELS[self.color]

    def decode(self, content: bytes) -> Array:
        """Return the pixels of a JPEG, PNG or WebP file, uint8 ``(height, width, channels)``.

        Raises:
            Unreadable: it is none of these, is damaged, or has more than 8 bits a channel.
        """
        image = opened(content)
        try:
            return np.asarray(self._resized(self._colored(image))).reshape(self.shape)
        except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error, …
            raise Unreadable(f"got a damaged {image.format} file ({reason(error)}); takes a whole one") from error

    def _colored(self, image: Image.Image) -> Image.Image:
        """Return an image of any mode as RGB or as grey."""
        if image.mode in ("P", "PA"):
            image = image.convert("RGBA")
        if self.color == "rgb":
            return image.convert("RGB")
        return image.convert("L") if image.mode in ("1", "L", "LA", "RGB") else image.convert("RGB").convert("L")

    def _resized(self, image: Image.Image) -> Image.Image:
        """Return an image resized in two steps, whose order Pillow is free to choose where it is one."""
        wide = image.resize((self.width, image.height), Image.Resampling.BILINEAR)
        return wide.resize((self.width, self.height), Image.Resampling.BILINEAR)

    def decode_mask(self, content: bytes, size: tuple[int, int] | None = None) -> Array:
        """Return the classes of a mask, uint8 ``(height, width)``: grey levels or palette indices of the nearest pixel.

        Args:
            content: of a PNG file with one number a pixel.
            size: width and height that the mask must have, those of its image.

        Raises:
            Unreadable: it is none, or has another size.
        """
        image = opened(content)
        if image.format != "PNG" or image.mode not in ("1", "L", "P"):
            got = f"a {image.format} file of mode {image.mode}"
            raise Unreadable(f"got {got}; takes a PNG file with one number a pixel (grey or palette)")
        if size is not None and image.size != size:
            got, takes = (f"{width} x {height} pixels" for width, height in (image.size, size))
            raise Unreadable(f"got {got}; takes {takes} as its image has")
        try:
            nearest = image.resize((self.width, self.height), Image.Resampling.NEAREST)
            return np.asarray(nearest).astype(np.uint8)  # of mode 1: False and True
        except Exception as error:  # as in `decode`
            raise Unreadable(f"got a damaged {image.format} file ({reason(error)}); takes a whole one") from error


def opened(content: bytes) -> Image.Image:
    """Return an image whose header is read and whose pixels are not.

    Raises:
        Unreadable: it is no JPEG, PNG or WebP file, or one that 8 bits a channel cannot hold.
    """
    if content[:8] == b"\x89PNG\r\n\x1a\n" and content[24:25] == b"\x10":
        raise Unreadable("got 16 bits a channel; takes 8, to which your image program converts it")
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise Unreadable("got a file that is no image; takes JPEG, PNG or WebP") from error
    except Exception as error:  # as in `decode`
        raise Unreadable(f"got a damaged image ({reason(error)}); takes a whole one") from error
    if image.mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"):
        raise Unreadable(f"got pixels of mode {image.mode}; takes 8 bits a channel")
    return image


def check(image: Image.Image) -> None:
    """Read all data of an opened image, in less time than decoding it takes.

    Raises:
        Unreadable: the data is damaged.
    """
    eighth = (max(image.width // 8, 1), max(image.height // 8, 1))
    try:
        image.draft(image.mode, eighth)  # for JPEG files alone
        image.load()
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error, …
        raise Unreadable(f"got a damaged {image.format} file ({reason(error)}); takes a whole one") from error


def is_rotated(image: Image.Image) -> bool:
    """Return whether the EXIF data of an opened image asks viewers to turn or mirror it."""
    try:
        return image.getexif().get(ORIENTATION, 1) not in (0, 1)
    except Exception:  # EXIF data that cannot be read asks for nothing
        return False


def reason(error: Exception) -> str:
    """Return what Pillow says of a file, in a few words."""
    return str(error).partition("\n")[0].rstrip(".")[:100] or type(error).__name__
