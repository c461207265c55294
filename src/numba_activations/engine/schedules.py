"""In what order the instructions of a loop stand: the quickest of three, measured when the loop is compiled.

LLVM's own order for x86, found from the last instruction to the first, spares registers: of the four vectors that a
step computes, one comes behind the other, and much of the time no instruction has its operands. Found from the first
to the last, or without regard to registers, it lets the vectors take turns, and more numbers pass through memory. Most
activations take 5 to 40 % less time so, some 5 to 40 % more, and neither the length of a loop nor how much of it passes
through memory tells which. The results are the same bits.
"""

import contextlib
import ctypes
import itertools
import math
import time
from collections.abc import Iterator

import llvmlite.binding as llvm
import numpy as np

from . import objectcode, target

# LLVM's options for the other orders, and what they are as a rule.
USUAL = ""
ORDERS = {
    "misched-prera-direction=topdown": "misched-prera-direction=bottomup",
    "misched-regpressure=false": "misched-regpressure=true",
}
COUNT = 4096  # numbers of a measurement, which so stays within the nearest caches
ROUNDS = 30  # of which the best counts: what else the machine does slows some of them
GAIN = 0.98  # what the time of another order must be below, that of LLVM's own being 1
_LOOP = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)  # the C signature of a ufunc's inner loop
_numbers = itertools.count()  # a name for each library: no two may have the same


def quickest(module: llvm.ModuleRef, export: str, kind: str, inputs: int, outputs: int) -> bytes:
    """The object code of an optimised module whose inner loop `export` takes the least time.

    Called under the lock of `objectcode.obtain`: the order is an option of LLVM as a whole, and while it is not LLVM's
    own, nothing else may be compiled.
    """
    if not target.is_x86():
        return objectcode.emitted(module)
    loop = objectcode.part(module, export)
    codes: dict[bytes, str] = {}
    for order in (USUAL, *ORDERS):
        with _in(order):
            codes.setdefault(objectcode.emitted(loop.clone()), order)
    seconds = _seconds(list(codes), export, kind, inputs, outputs)
    seconds[0] *= GAIN
    with _in(list(codes.values())[seconds.index(min(seconds))]):
        return objectcode.emitted(module)


@contextlib.contextmanager
def _in(order: str) -> Iterator[None]:
    """Let LLVM order instructions so."""
    if order:
        llvm.set_option("", f"-{order}")
    try:
        yield
    finally:
        if order:
            llvm.set_option("", f"-{ORDERS[order]}")


def _seconds(codes: list[bytes], export: str, kind: str, inputs: int, outputs: int) -> list[float]:
    """The best time of each code, in turns."""
    libraries = [objectcode.link([code], f"measured.{next(_numbers)}", [export]) for code in codes]
    loops = [_LOOP(library[export]) for library in libraries]
    arrays = [np.linspace(-4, 4, COUNT, dtype=kind) for _ in range(inputs + outputs)]
    pointers = (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays))
    steps = (ctypes.c_ssize_t * len(arrays))(*(a.itemsize for a in arrays))
    count = ctypes.c_ssize_t(COUNT)
    best = [math.inf] * len(codes)
    for _ in range(ROUNDS):
        for k, loop in enumerate(loops):
            begin = time.perf_counter()
            loop(pointers, ctypes.byref(count), steps, None)
            best[k] = min(best[k], time.perf_counter() - begin)
    return best
