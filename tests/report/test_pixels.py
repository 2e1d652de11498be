"""Pictures inside the page hold what they were given."""

import struct
import zlib

import numpy as np

from respike.report import pixels


def test_a_picture_holds_the_greys_it_was_given():
    grey = np.array([[0, 128], [255, 7]], np.uint8)

    data = pixels.png(grey)

    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (2, 2)
    at = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    assert zlib.decompress(data[at + 4 : at + 4 + length]) == b"\x00\x00\x80\x00\xff\x07"


def test_an_address_of_data_holds_its_bytes():
    assert pixels.data_uri("image/png", b"abc") == "data:image/png;base64,YWJj"
