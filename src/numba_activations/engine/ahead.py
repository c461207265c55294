"""Compile many functions ahead of time, in several processes: Numba compiles one at a time in each."""

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed

from . import registry
from .keys import Key
from .processes import processes

__all__ = ["compile_ahead"]

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
    missing = [key for key in keys if not registry.cached(key)]
    if len(missing) < _WORTHWHILE:
        return len(missing)
    with processes() as pool:
        jobs = {pool.submit(_compile, key): key for key in missing}
        for done, job in enumerate(as_completed(jobs)):
            job.result()
            step(done / len(jobs), f"compiling {len(jobs)} functions, which are kept: {jobs[job].path}")
            if not registry.cached(jobs[job]):
                break
    return len(missing)


def _compile(key: Key) -> None:
    registry.function(key)
