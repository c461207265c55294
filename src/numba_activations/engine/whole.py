"""Files that are written whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["LEFTOVERS", "replacing"]

_PREFIX = ".writing-"
LEFTOVERS = _PREFIX + "*"  # what a writer that was killed leaves


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file for the block to write, which takes the place of `path` unless the block raises: then it is removed.

    What a link leads to is replaced, not the link; what is no file, such as a device, is written to.

    Raises
    ------
    OSError
        If it cannot be made, or put there.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    path = path.resolve()
    temporary = path.with_name(_PREFIX + os.urandom(8).hex())
    try:
        with temporary.open("xb") as file:
            yield file
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
