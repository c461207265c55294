"""Several processes, for what is done one at a time in each: Numba's compiling, mpmath's arithmetic."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

__all__ = ["processes"]


@contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """As many as the machine has processors, until the end of the block; what is not begun by then is dropped.

    Notes
    -----
    They import the main module of this one: a script that comes here needs its ``if __name__ == "__main__":``.
    """
    pool = ProcessPoolExecutor(
        os.cpu_count(),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),  # Ctrl-C is this process's business
    )
    with pool:
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)
