"""MATLAB, EDF, BDF and HDF5 files that lie, point elsewhere, or ask for too much."""

import io
import struct
import zlib

import numpy as np

# ------------------------------------------------------------------ EDF


def field(text: str | bytes, size: int) -> bytes:
    """A text of an EDF header, filled with blanks."""
    return (text if isinstance(text, bytes) else text.encode("ascii")).ljust(size)[:size]


def edf(
    body: bytes | None = None, *, signals: int = 2, bdf: bool = False, **said: object
) -> bytes:
    """A small EDF or BDF file, two records of four samples a signal; fields may be replaced.

    Args:
        body: bytes after the header; None takes samples that count up.
        signals: how many signals there are.
        bdf: 24 bits a sample instead of 16.
        said: version, header_bytes, reserved, records, duration_s, signals_said; and lists or
            texts for labels, dimension, physical_min, physical_max, digital_min, digital_max,
            samples.
    """
    width, low, high = (3, -(2**23), 2**23 - 1) if bdf else (2, -32768, 32767)
    get = said.get
    head = (
        field(get("version", b"\xffBIOSEMI" if bdf else "0"), 8)
        + field(get("patient", "X X X X"), 80)
        + field(get("recording", "Startdate X X X X"), 80)
        + field("01.01.26", 8)
        + field("00.00.00", 8)
        + field(str(get("header_bytes", 256 * (signals + 1))), 8)
        + field(get("reserved", "24BIT" if bdf else ""), 44)
        + field(get("records", "2"), 8)
        + field(get("duration_s", "1"), 8)
        + field(str(get("signals_said", signals)), 4)
    )

    def column(name: str, default: str, size: int) -> bytes:
        value = get(name, default)
        values = value if isinstance(value, list) else [value] * signals
        return b"".join(field(v, size) for v in values)

    head += column("labels", [f"EEG {i}" for i in range(signals)], 16)
    head += column("transducer", "", 80)
    head += column("dimension", "uV", 8)
    head += column("physical_min", "-3276.8", 8)
    head += column("physical_max", "3276.7", 8)
    head += column("digital_min", str(low), 8)
    head += column("digital_max", str(high), 8)
    head += column("prefilter", "", 80)
    head += column("samples", "4", 8)
    head += column("reserved_signal", "", 32)
    if body is None:
        body = b"".join(
            n.to_bytes(width, "little", signed=True) for n in range(2 * signals * 4)
        )
    return head + body


def _edf_files() -> dict[str, bytes]:
    return {
        "edf-cut.edf": edf()[:-3],
        "edf-longer.edf": edf() + b"\0\0",
        "edf-records-minus-1.edf": edf(records="-1"),
        "edf-records-0.edf": edf(b"", records="0"),
        "edf-records-huge.edf": edf(records="99999999"),
        "edf-records-nothing.edf": edf(records=""),
        "edf-records-underscore.edf": edf(bytes(10 * 16), records="1_0"),
        "edf-records-plus.edf": edf(records="+2"),
        "edf-records-float.edf": edf(records="2.0"),
        "edf-records-nul.edf": edf(records=b"2\0"),
        "edf-records-arabic.edf": edf(records="\u0662".encode()),
        "edf-signals-0.edf": edf(signals_said=0),
        "edf-signals-9999.edf": edf(signals_said=9999),
        "edf-header-bytes.edf": edf(header_bytes=1024),
        "edf-version.edf": edf(version="1"),
        "edf-duration-nan.edf": edf(duration_s="nan"),
        "edf-duration-inf.edf": edf(duration_s="inf"),
        "edf-duration-negative.edf": edf(duration_s="-1"),
        "edf-duration-0.edf": edf(duration_s="0"),
        "edf-duration-hex.edf": edf(duration_s="0x1p3"),
        "edf-physical-equal.edf": edf(physical_max="-3276.8"),
        "edf-physical-inf.edf": edf(physical_max="inf"),
        "edf-physical-huge.edf": edf(physical_max="1e308", physical_min="-1e308"),
        "edf-physical-comma.edf": edf(physical_max="3276,7"),
        "edf-digital-swapped.edf": edf(digital_min="32767", digital_max="-32768"),
        "edf-digital-wide.edf": edf(digital_max="99999999"),
        "edf-digital-outside.edf": edf(digital_min="0", digital_max="3"),
        "edf-samples-0.edf": edf(b"", samples="0"),
        "edf-samples-huge.edf": edf(samples="99999999"),
        "edf-samples-negative.edf": edf(samples="-4"),
        "edf-label-escape.edf": edf(labels=[b"\x1b[2JEEG", "EEG 1"]),
        "edf-label-twice.edf": edf(labels="EEG 0"),
        "edf-discontinuous.edf": edf(reserved="EDF+D"),
        "edf-crlf.edf": edf().replace(b"\n", b"\r\n"),
        "edf-empty.edf": b"",
        "edf-head-only.edf": edf()[:256],
        "bdf-cut.bdf": edf(bdf=True)[:-1],
        "bdf-16-bit.bdf": edf(b"\0" * 32, bdf=True),
        "bdf-edf-inside.bdf": edf(),
        "edf-bdf-inside.edf": edf(bdf=True),
        "bdf-digital-wide.bdf": edf(bdf=True, digital_min="-9999999", digital_max="99999999"),
        "bdf-samples-huge.bdf": edf(bdf=True, samples="99999999"),
    }


# ------------------------------------------------------------------ MATLAB


def _mat() -> bytes:
    from scipy.io import savemat

    buffer = io.BytesIO()
    savemat(buffer, {"x": np.arange(6.0).reshape(2, 3), "s": {"name": "y", "n": [1, 2]}})
    # the only text that holds a date
    return b"MATLAB 5.0 MAT-file".ljust(124) + buffer.getvalue()[124:]


def element(kind: int, data: bytes, size: int | None = None) -> bytes:
    """One data element of MATLAB's version 5."""
    said = len(data) if size is None else size
    return struct.pack("<II", kind, said) + data + bytes(-len(data) % 8)


def matrix(flags: int, dims: tuple[int, ...], name: bytes, *parts: bytes) -> bytes:
    """One array of MATLAB's version 5."""
    body = element(6, struct.pack("<II", flags, 0))
    body += element(5, struct.pack(f"<{len(dims)}i", *dims)) + element(1, name)
    return element(14, body + b"".join(parts))


def mat(*parts: bytes) -> bytes:
    """A version 5 file of parts of one's own."""
    return (
        b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<HH", 0x0100, 0x4D49) + b"".join(parts)
    )


def _mat_files() -> dict[str, bytes]:
    whole = _mat()
    double = element(9, struct.pack("<d", 1.0))
    one = matrix(6, (1, 1), b"x", double)
    nested = one
    for _ in range(2000):
        nested = matrix(1, (1, 1), b"c", nested)
    zeros = matrix(6, (1_000_000, 1), b"z", element(9, bytes(8_000_000)))
    return {
        "mat-cut.mat": whole[:-20],
        "mat-empty.mat": b"",
        "mat-head-only.mat": whole[:128],
        "mat-version-9.mat": whole[:124] + struct.pack("<HH", 0x0900, 0x4D49) + whole[128:],
        "mat-size-lies.mat": mat(element(14, b"", 2**31 - 1)),
        "mat-dims-huge.mat": mat(matrix(6, (2**31 - 1, 2**31 - 1), b"x", double)),
        "mat-dims-negative.mat": mat(matrix(6, (-1, 1), b"x", double)),
        "mat-dims-none.mat": mat(matrix(6, (), b"x", double)),
        "mat-dims-100.mat": mat(matrix(6, (1,) * 100, b"x", double)),
        "mat-dims-more-than-data.mat": mat(matrix(6, (1000, 1000), b"x", double)),
        "mat-class-255.mat": mat(matrix(255, (1, 1), b"x", double)),
        "mat-function.mat": mat(matrix(16, (1, 1), b"f", one)),
        "mat-opaque.mat": mat(matrix(17, (1, 1), b"o", element(1, b"MCOS"), one)),
        "mat-object.mat": mat(matrix(3, (1, 1), b"o", element(1, b"inline"), one)),
        "mat-cell-lies.mat": mat(matrix(1, (1, 1_000_000), b"c", one)),
        "mat-nested.mat": mat(nested),
        "mat-struct-names.mat": mat(
            matrix(2, (1, 1), b"s", element(5, struct.pack("<i", 0)), element(1, b"abc"))
        ),
        "mat-struct-length.mat": mat(
            matrix(2, (1, 1), b"s", element(5, struct.pack("<i", -8)), element(1, b"abc"))
        ),
        "mat-sparse-lies.mat": mat(
            matrix(
                5, (3, 3), b"s", element(5, struct.pack("<2i", 9**6, -5)),
                element(5, struct.pack("<4i", 0, 99, -99, 9)), double,
            )
        ),
        "mat-char-kind.mat": mat(matrix(4, (1, 1), b"t", element(18, b"\0\0\0\xff"))),
        "mat-zlib-rubbish.mat": mat(element(15, b"\xff" * 64)),
        "mat-bomb.mat": mat(element(15, zlib.compress(zeros, 9))),
        "mat-zlib-in-zlib.mat": mat(
            element(15, zlib.compress(element(15, zlib.compress(one))))
        ),
        "mat-version-4.mat": struct.pack("<5i", 0, 2**30, 2**30, 0, 2) + b"x\0" + bytes(8),
    }  # fmt: skip


# ------------------------------------------------------------------ HDF5


def _hdf5(fill) -> bytes:
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w", track_order=True, libver="v110") as file:
        fill(file)
    return buffer.getvalue()


def _hdf5_files() -> dict[str, bytes]:
    import h5py

    def references(file):
        file["x"] = np.arange(3.0)
        file.create_dataset("r", data=np.array([file["x"].ref], dtype=h5py.ref_dtype))

    def regions(file):
        file["x"] = np.arange(3.0)
        row = file["x"].regionref[0:2]
        file.create_dataset("r", data=np.array([row], dtype=h5py.regionref_dtype))

    def made(file, kept, space):
        kept.set_obj_track_times(False)
        h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F64LE, space, dcpl=kept)

    def virtual(file):
        kept = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        space = h5py.h5s.create_simple((3,))
        kept.set_virtual(space, b"/etc/passwd.h5", b"x", h5py.h5s.create_simple((3,)))
        made(file, kept, space)

    def external_storage(file):
        file.create_dataset(
            "x", shape=(16,), dtype="u1", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
        )

    def cycle(file):
        file.create_group("a")["b"] = file["/"]

    def deep(file):
        group = file
        for _ in range(1500):
            group = group.create_group("g")

    def plug_in(file):
        kept = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        kept.set_chunk((4,))
        kept.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
        made(file, kept, h5py.h5s.create_simple((4,)))

    def many(file):
        for i in range(3000):
            file[f"{i}"] = np.zeros(1, np.uint8)

    def variable(file):
        file.create_dataset("x", shape=(1,), dtype=h5py.vlen_dtype(np.int64))[0] = [1, 2]

    all_of_them = {
        "external-link": lambda f: f.__setitem__("x", h5py.ExternalLink("/etc/passwd", "/x")),
        "soft-link": lambda f: f.__setitem__("x", h5py.SoftLink("/nowhere")),
        "soft-link-itself": lambda f: f.__setitem__("x", h5py.SoftLink("/x")),
        "reference": references,
        "region": regions,
        "virtual": virtual,
        "external-storage": external_storage,
        "cycle": cycle,
        "deep": deep,
        "plug-in": plug_in,
        "many": many,
        "variable": variable,
        "fill-value": lambda f: f.create_dataset("x", shape=(2**40,), dtype="f8"),
        "chunked-huge": lambda f: f.create_dataset(
            "x", shape=(2**36,), dtype="f8", chunks=(2**20,), compression="gzip"
        ),
        "bomb": lambda f: f.create_dataset(
            "x", data=np.zeros(2**23, np.uint8), chunks=(2**21,), compression="gzip"
        ),
        "compound": lambda f: f.__setitem__("x", np.zeros(2, dtype=[("a", "i4")])),
        "object-text": lambda f: f.__setitem__("x", "text of any length"),
        "name-escape": lambda f: f.__setitem__("\x1b[2Jx\u202e", np.zeros(1)),
        "opaque": lambda f: f.__setitem__("x", np.void(b"\x00\x01\x02")),
    }
    found = {f"hdf5-{name}.h5": _hdf5(fill) for name, fill in all_of_them.items()}
    good = _hdf5(lambda f: f.__setitem__("x", np.arange(100.0)))
    found["hdf5-cut.h5"] = good[:-200]
    found["hdf5-head-only.hdf5"] = good[:48]
    found["hdf5-no-hdf5.h5"] = b"\x89HDF\r\n\x1a\n" + b"\xff" * 600
    found["hdf5-in-mat.mat"] = b"MATLAB 7.3 MAT-file".ljust(124) + struct.pack(
        "<HH", 0x0200, 0x4D49
    )
    found["hdf5-in-mat.mat"] = found["hdf5-in-mat.mat"].ljust(512, b"\0") + good[:-200]
    return found


def files() -> dict[str, bytes]:
    """Hostile .mat, .edf, .bdf and .h5 files."""
    return {**_edf_files(), **_mat_files(), **_hdf5_files()}
