"""A ufunc on several threads: NumPy releases the lock of the interpreter, so a pool of plain threads is enough."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

_SMALLEST = 1 << 15  # numbers a thread must have to be worth its start


def parallel(ufunc: Any, *arrays: Any, out: np.ndarray | None = None, threads: int | None = None) -> Any:
    """Call a ufunc of one result on chunks of its arguments, each on a thread; the same bits as ``ufunc(*arrays)``.

    Parameters
    ----------
    ufunc : numpy.ufunc
        Any ufunc with one output.
    *arrays : array_like
        Its inputs; they are broadcast against each other.
    out : ndarray, optional
        Where the result goes: of the broadcast shape.
    threads : int, optional
        How many threads; by default as many as this process has processors.

    Returns
    -------
    ndarray
        `out`, or a new array.

    Raises
    ------
    ValueError
        If `threads` is less than 1, the ufunc has several outputs, or `out` has another shape than the result.
    """
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        raise ValueError(f"threads is {threads}: it must be at least 1")
    function = getattr(ufunc, "ufunc", ufunc)
    if function.nout != 1:
        raise ValueError(f"{function.__name__} has {function.nout} outputs: parallel takes ufuncs of one")
    operands = [np.asarray(a) for a in arrays]
    shape = np.broadcast_shapes(*(a.shape for a in operands))
    if out is not None and out.shape != shape:
        raise ValueError(f"out has shape {out.shape}: the result has {shape}")
    size = int(np.prod(shape))
    count = min(threads, max(1, size // _SMALLEST))
    if (
        count == 1
        or function is not ufunc
        or not shape
        or (out is not None and any(np.may_share_memory(out, a) for a in operands))
    ):
        return ufunc(*arrays, out=out)
    if out is None:
        out = np.empty(shape, function(*(a[(0,) * a.ndim] if a.ndim else a for a in operands)).dtype)
    whole = [np.broadcast_to(a, shape) if a.ndim else arrays[k] for k, a in enumerate(operands)]
    axis = int(np.argmax(shape))
    edges = [shape[axis] * k // count for k in range(count + 1)]

    def chunk(first: int, end: int) -> None:
        part = (slice(None),) * axis + (slice(first, end),)
        function(*(a[part] if isinstance(a, np.ndarray) and a.ndim else a for a in whole), out=out[part])

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(chunk, edges[:-1], edges[1:]))
    return out
