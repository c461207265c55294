"""The object cache: compiled loops on disk, private to the user.

An entry is a file named by the digest of all that its code depends on. It carries the digest of its own content, so a
truncated, damaged or foreign file is never loaded: it counts as missing, and is written anew.
"""

import contextlib
import functools
import hashlib
import importlib.util
import os
import stat
import sys
from pathlib import Path

import llvmlite
import numpy as np

from . import target
from .whole import LEFTOVERS, replacing

VARIABLE = "NUMBA_ACTIVATIONS_CACHE_DIR"
_MAGIC = b"numba-activations object 1\n"
_SUFFIX = ".naobj"
_PACKAGE = Path(__file__).parents[1]


def directory() -> Path:
    """Where entries lie: the environment variable's directory, or the platform's place for caches.

    Raises
    ------
    FileNotFoundError
        If there is no such place: a user without a home, as containers have them.
    """
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen)
    try:
        if sys.platform == "win32":
            base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = str(Path.home() / "Library" / "Caches")
        else:
            base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    except RuntimeError as error:
        raise FileNotFoundError("this user has no home directory") from error
    return Path(base) / "numba-activations"


@functools.cache
def _surroundings() -> bytes:
    """Digest of everything that is the same for all entries of a process: sources, versions, processor."""
    digest = hashlib.sha256()
    for path in sorted([_PACKAGE / "records.py", *(_PACKAGE / "kernels").rglob("*.py"), *_PACKAGE.glob("engine/*.py")]):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    numba = importlib.util.find_spec("numba")  # finds, and does not import
    if numba and numba.origin:
        digest.update((Path(numba.origin).parent / "_version.py").read_bytes())
    for text in (llvmlite.__version__, np.__version__, target.name(), target.features(), sys.platform):
        digest.update(text.encode() + b"\0")
    return digest.digest()


def key(*parts: str) -> str:
    """The name of an entry: a digest of the parts and of all that the code depends on."""
    return hashlib.sha256(_surroundings() + "\0".join(parts).encode()).hexdigest()


def _trusted(path: Path) -> bool:
    """Whether the directory is the user's own and nobody else can write to it."""
    if sys.platform == "win32":
        return path.is_dir()
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022


def load(name: str) -> bytes | None:
    """The object code of an entry, or None where there is none that can be trusted."""
    try:
        path = directory()
        if not _trusted(path):
            return None
        content = (path / (name + _SUFFIX)).read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + 64 + 32
    code = content[head:]
    expected = _MAGIC + name.encode() + hashlib.sha256(code).digest()
    return code if len(content) > head and content[:head] == expected else None


def _prepared() -> Path:
    """The directory, made if need be; OSError where nothing may be kept in it."""
    path = directory()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _trusted(path):
        raise PermissionError(f"{path} must belong to this user, and nobody else may write to it")
    return path


def refusal() -> str | None:
    """Why nothing can be kept, or None where it can."""
    try:
        path = _prepared()
    except OSError as error:
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return None if os.access(path, os.W_OK) else f"{path} cannot be written to"


def store(name: str, code: bytes) -> bool:
    """Write an entry whole or not at all; False where nothing can be written, which is no error."""
    try:
        with replacing(_prepared() / (name + _SUFFIX)) as file:
            file.write(_MAGIC + name.encode() + hashlib.sha256(code).digest() + code)
    except OSError:
        return False
    return True


def entries() -> list[Path]:
    """The files of the cache, leftovers of killed writers too."""
    with contextlib.suppress(FileNotFoundError):
        path = directory()
        if path.is_dir():
            return sorted([*path.glob("*" + _SUFFIX), *path.glob(LEFTOVERS)])
    return []


def clear() -> int:
    """Remove all entries; returns how many there were."""
    found = entries()
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
