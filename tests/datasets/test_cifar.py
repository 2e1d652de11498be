"""CIFAR's binary form in a small archive made here."""

import io
import tarfile

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.datasets import cifar


def image(label, shade):
    planes = b"".join(bytes([shade + plane]) * 1024 for plane in range(3))
    return bytes(label) + planes


def packed(name, train, test, spoil=b""):
    members, test_name, _ = cifar.LAYOUTS[name]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member, data in [*zip(members, train, strict=True), (test_name, test + spoil)]:
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return {name: buffer.getvalue()}


def ten(**spoil):
    train = [image([i], 10 * i) for i in range(5)]
    return packed("cifar-10-binary.tar.gz", train, image([9], 90), **spoil)


def test_the_five_batches_and_the_test_batch_are_joined_in_order():
    found = cifar.build(ten())

    assert found["image"].shape == (6, 3, 32, 32)
    assert found["label"].tolist() == [0, 1, 2, 3, 4, 9]
    assert found["test"].tolist() == [False] * 5 + [True]
    assert found["image"][3, :, 31, 31].tolist() == [30, 31, 32]
    assert found["image"].dtype == np.uint8


def test_the_label_of_cifar100_is_the_fine_one():
    files = packed("cifar-100-binary.tar.gz", [image([1, 42], 5)], image([2, 77], 6))

    assert cifar.build(files)["label"].tolist() == [42, 77]


def test_a_batch_cut_short_is_named():
    with pytest.raises(RespikeError, match=r"test_batch\.bin: 3,074 bytes are no whole number"):
        cifar.build(ten(spoil=b"x"))


def test_another_archive_is_refused():
    with pytest.raises(RespikeError, match="cifar: need one of cifar-10-binary"):
        cifar.build({"cifar-10-python.tar.gz": b""})
