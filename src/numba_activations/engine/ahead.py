"""Compile many functions ahead of time, in several processes: Numba compiles one at a time in each."""

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed

from ..records import ALONG_AXIS
from . import along_axis, registry
from .keys import Key
from .processes import processes

_WORTHWHILE = 6  # functions that take longer to compile here than processes and Numba take to start


def compile_ahead(keys: Sequence[Key], step: Callable[[float, str], None] = lambda done, what: None) -> int:
    """Put the code of functions into the cache; returns how many were missing.

    Where few are missing, or the cache cannot be written, each is compiled when it is first asked for, as ever.

    Parameters
    ----------
    keys : sequence of Key
        The functions.
    step : callable
        Is told the share that is done, and what comes next.

    Notes
    -----
    The processes import the main module of this one: a script that calls this needs its ``if __name__ == "__main__":``.
    """
    missing = [key for key in keys if not cached(key)]
    if len(missing) < _WORTHWHILE:
        return len(missing)
    with processes() as pool:
        jobs = {pool.submit(compile_here, key): key for key in missing}
        for done, job in enumerate(as_completed(jobs)):
            job.result()
            step(done / len(jobs), f"compiling {len(jobs)} functions, which are kept: {jobs[job].path}")
            if not cached(jobs[job]):
                break
    return len(missing)


def cached(key: Key) -> bool:
    """Whether nothing needs to be compiled for a function."""
    return along_axis.cached(key) if key.name in ALONG_AXIS else registry.cached(key)


def compile_here(key: Key) -> None:
    """Put the code of one function into the cache, if it is missing there."""
    _ = along_axis.function(key) if key.name in ALONG_AXIS else registry.function(key)
