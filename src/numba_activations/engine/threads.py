"""A ufunc on several threads: NumPy releases the lock of the interpreter, so a pool of plain threads is enough."""

import contextvars
import functools
import itertools
import os
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Literal

import numpy as np

from .along_axis import Arranged

_SMALLEST = 1 << 15  # numbers that a thread must have to be worth its call
_in_chunk = contextvars.ContextVar("_in_chunk", default=False)  # whose function may call `parallel`, and would wait
_PLAIN = np.ndarray, np.memmap  # arrays of which a chunk is to NumPy what the whole is


def parallel(function: Any, *arrays: Any, out: Any = None, threads: int | None = None) -> Any:
    """Call a ufunc on chunks of its arguments, each on a thread: the same bits as ``function(*arrays)``.

    Parameters
    ----------
    function : numpy.ufunc or activation with parameters
        Any element-wise ufunc, of this package or not; none that works along an axis.
    *arrays : array_like
        Its arguments; they are broadcast against each other.
    out : ndarray or tuple of ndarray, optional
        Where the results go, as the ufunc takes it: arrays of the broadcast shape.
    threads : int, optional
        How many threads at most; by default as many as this process has processors.

    Returns
    -------
    ndarray, scalar, or tuple of them
        What the ufunc returns.

    Raises
    ------
    TypeError
        If the function works along an axis.
    ValueError
        If `threads` is less than 1, or `out` has another shape than the result.

    Notes
    -----
    Arrays of fewer than 32768 numbers a thread are worth fewer threads. Small ones are computed by the caller's own,
    and so is what is more than an array: masked arrays, data frames.

    Examples
    --------
    >>> import numpy as np
    >>> import numba_activations as act
    >>> x = np.linspace(-8, 8, 1_000_000)
    >>> bool((act.parallel(act.sigmoid, x) == act.sigmoid(x)).all())
    True
    """
    if threads is None:
        threads = processors()
    if threads < 1:
        raise ValueError(f"threads is {threads}: it must be at least 1")
    if isinstance(function, Arranged) or getattr(function, "signature", None) is not None:
        raise TypeError(f"parallel takes element-wise functions: {function!r} works along an axis")
    given = () if out is None else out if isinstance(out, tuple) else (out,)
    if any(type(a) not in _PLAIN and hasattr(a, "__array_ufunc__") and np.ndim(a) for a in (*arrays, *given)):
        return function(*arrays, out=out) if given else function(*arrays)
    operands = [a if np.ndim(a) == 0 else np.asarray(a) for a in arrays]
    shape = np.broadcast_shapes(*map(np.shape, operands))
    for result in given:
        if result is not None and np.shape(result) != shape:
            raise ValueError(f"out has shape {np.shape(result)}: the result has {shape}")
    chunks = min(threads, int(np.prod(shape)) // _SMALLEST)
    if (
        chunks < 2
        or _in_chunk.get()
        or any(_overlap(a, result) for a in operands for result in given if result is not None)
    ):
        return function(*arrays, out=out) if given else function(*arrays)
    whole = [np.broadcast_to(a, shape) if np.ndim(a) else a for a in operands]
    results = given
    if not given or any(result is None for result in given):
        nothing = function(*(a[(slice(0, 0),) * a.ndim] if np.ndim(a) else a for a in whole))
        kinds = [r.dtype for r in (nothing if isinstance(nothing, tuple) else (nothing,))]
        places = given or (None,) * len(kinds)
        order: Literal["F", "C"] = "F" if all(a.flags.f_contiguous for a in whole if np.ndim(a)) else "C"
        results = tuple(
            np.empty(shape, kind, order) if place is None else place for place, kind in zip(places, kinds, strict=True)
        )
    axis = int(np.argmax(shape))
    edges = [shape[axis] * k // chunks for k in range(chunks + 1)]

    def compute(first: int, end: int) -> None:
        _in_chunk.set(True)
        part = (slice(None),) * axis + (slice(first, end),)
        function(*(a[part] if np.ndim(a) else a for a in whole), out=tuple(r[part] for r in results))

    # Each thread has a copy of the caller's context, in which np.errstate lies.
    tasks = [_pool().submit(contextvars.copy_context().run, compute, *ends) for ends in itertools.pairwise(edges)]
    wait(tasks)
    for task in tasks:
        task.result()
    return results[0] if len(results) == 1 else results


def _overlap(source: Any, result: np.ndarray) -> bool:
    """Whether two arrays share memory otherwise than number by number, so that one chunk could spoil another."""
    if not np.may_share_memory(source, result):
        return False
    same = np.asarray(source)
    return (same.ctypes.data, same.strides, same.shape) != (result.ctypes.data, result.strides, result.shape)


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(processors(), thread_name_prefix="numba-activations")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads
