"""Several processes, for what is done one at a time in each: Numba's compiling, mpmath's arithmetic."""

import multiprocessing
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from .threads import processors

__all__ = ["processes"]

_MOST = 61 if sys.platform == "win32" else 1 << 15  # for more, Windows has no way to wait


@contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """As many as this process may use processors, until the end of the block; what is not begun by then is dropped.

    Notes
    -----
    They import the main module of this one: a script that comes here needs its ``if __name__ == "__main__":``.
    """
    pool = ProcessPoolExecutor(
        min(processors(), _MOST),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),  # Ctrl-C is this process's business
    )
    with pool:
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)
