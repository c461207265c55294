"""The files in which MNIST comes: IDX, gzipped or not."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from .network import Array

# Third byte of the magic number: the type of the numbers, big-endian.
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | Path) -> Array:
    """The array in an IDX file.

    Parameters
    ----------
    path : str or pathlib.Path
        The file, gzipped or not, whatever its name.

    Returns
    -------
    ndarray
        Read-only where the file holds bytes.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no IDX file, or is shorter or longer than its header says.
    """
    content = Path(path).read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path} is damaged or truncated: {error}") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise ValueError(
            f"{path} is no IDX file: its magic number is 0x{content[:4].hex() or '(none)'}, "
            "and would begin with 0x0000 and a type from 0x08 to 0x0e"
        )
    kind, dimensions = np.dtype(_TYPES[content[2]]), content[3]
    head = 4 + 4 * dimensions
    if len(content) < head:
        raise ValueError(f"{path} is truncated: it has {len(content)} bytes, its header alone {head}")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", dimensions, 4))
    expected = head + math.prod(shape) * kind.itemsize
    if len(content) != expected:
        what = "truncated" if len(content) < expected else "too long"
        raise ValueError(f"{path} is {what}: it has {len(content)} bytes, its header says {expected} for shape {shape}")
    return np.frombuffer(content, kind, offset=head).reshape(shape).astype(kind.newbyteorder("="), copy=False)


def read_mnist(directory: str | Path) -> tuple[Array, Array, Array, Array]:
    """The four files of MNIST, or of a data set that comes in its form.

    Parameters
    ----------
    directory : str or pathlib.Path
        Where ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
        ``t10k-labels-idx1-ubyte`` lie, with or without ``.gz``.

    Returns
    -------
    X, y, X_test, y_test : ndarray
        Images as rows of float32 between 0 and 1, labels as int64.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is damaged, is something else, or images and labels differ in number.
    """
    parts: list[Array] = []
    for part in ("train", "t10k"):
        images = _read(Path(directory), f"{part}-images-idx3-ubyte", 3)
        labels = _read(Path(directory), f"{part}-labels-idx1-ubyte", 1)
        if len(images) != len(labels):
            raise ValueError(f"{directory} has {len(images)} images and {len(labels)} labels to {part}")
        parts += [images.reshape(len(images), -1).astype(np.float32) / np.float32(255), labels.astype(np.int64)]
    if parts[0].shape[1] != parts[2].shape[1]:
        raise ValueError(
            f"{directory} has images of {parts[0].shape[1]} pixels to train, of {parts[2].shape[1]} to test"
        )
    X, y, X_test, y_test = parts
    return X, y, X_test, y_test


def _read(directory: Path, name: str, dimensions: int) -> Array:
    for path in (directory / name, directory / f"{name}.gz", directory / name.replace("-idx", ".idx")):
        if path.exists():
            array = read_idx(path)
            if array.ndim != dimensions or array.dtype != np.uint8:
                raise ValueError(
                    f"{path} holds {array.dtype} in {array.ndim} dimensions: it should be uint8 in {dimensions}"
                )
            return array
    raise FileNotFoundError(f"{directory} has no {name}, nor {name}.gz")
