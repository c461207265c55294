"""In what order the instructions of a loop stand: the quickest of six, measured when the loop is compiled.

LLVM's own order for x86, found from the last instruction to the first, spares registers: of the four vectors that a
step computes, one comes behind the other, and much of the time no instruction has its operands. Found from the first
to the last, without regard to registers, or with constants that are read each time instead of kept, it lets the vectors
take turns, and more numbers pass through memory. Most activations take 5 to 40 % less time so, some 5 to 40 % more,
and neither the length of a loop nor how much of it passes through memory tells which. The results are the same bits.
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
from .loops import ARRAYS, BLOCK

TOP_DOWN = "misched-prera-direction=topdown"
ANY_PRESSURE = "misched-regpressure=false"
BY_LATENCY = "pre-RA-sched=list-ilp"
CONSTANTS_IN_MEMORY = "disable-machine-licm"
AS_A_RULE = {  # what these options of LLVM are for others
    TOP_DOWN: "misched-prera-direction=bottomup",
    ANY_PRESSURE: "misched-regpressure=true",
    BY_LATENCY: "pre-RA-sched=default",
    CONSTANTS_IN_MEMORY: "disable-machine-licm=false",
}
ORDERS: tuple[tuple[str, ...], ...] = (
    (),
    (TOP_DOWN,),
    (ANY_PRESSURE,),
    (BY_LATENCY, ANY_PRESSURE),
    (CONSTANTS_IN_MEMORY,),
    (CONSTANTS_IN_MEMORY, TOP_DOWN),
)
SHORT = 30  # LLVM instructions a vector of what waits for memory, not for operands: the slope of hard_swish has 29
COUNT = 8192  # numbers of a measurement, so that the call counts for little and they lie in near caches
ROUNDS = 30  # of which the best counts: what else the machine does slows some of them
GAIN = 0.98  # what the time of another order must be below, that of LLVM's own being 1
_numbers = itertools.count()  # a name for each library: no two may have the same


def build(texts: list[str], exports: list[str], loop: str, kind: str, inputs: int, outputs: int) -> bytes:
    """As `objectcode.build`, in the order in which one of the loops, on arrays of a kind, takes the least time.

    Called under the lock of `objectcode.obtain`: the order is an option of LLVM as a whole, and while it is not LLVM's
    own, nothing else may be compiled.
    """
    export = f"{loop}.{ARRAYS}"
    module = objectcode.optimised(texts, [*exports, export])
    if not target.is_x86() or _instructions_per_vector(module.get_function(export), outputs) < SHORT:
        return objectcode.emitted(module)
    blocks = objectcode.part(module, export)
    codes: dict[bytes, tuple[str, ...]] = {}
    for order in ORDERS:
        with _in(order):
            codes.setdefault(objectcode.emitted(blocks.clone()), order)
    seconds = _seconds(list(codes), export, kind, inputs, outputs)
    seconds[0] *= GAIN
    with _in(list(codes.values())[seconds.index(min(seconds))]):
        return objectcode.emitted(module)


def _instructions_per_vector(function: llvm.ValueRef, outputs: int) -> float:
    opcodes = [instruction.opcode for block in function.blocks for instruction in block.instructions]
    return len(opcodes) * outputs / opcodes.count("store")


@contextlib.contextmanager
def _in(order: tuple[str, ...]) -> Iterator[None]:
    """Let LLVM order instructions so."""
    for option in order:
        llvm.set_option("", f"-{option}")
    try:
        yield
    finally:
        for option in order:
            llvm.set_option("", f"-{AS_A_RULE[option]}")


def _seconds(codes: list[bytes], export: str, kind: str, inputs: int, outputs: int) -> list[float]:
    """The best time of each code, in turns; its arguments are arrays to read, arrays to write, a number of blocks."""
    libraries = [objectcode.link([code], f"measured.{next(_numbers)}", [export]) for code in codes]
    arrays = [np.linspace(-4, 4, COUNT, dtype=kind) for _ in range(inputs + outputs)]
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in arrays]
    prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(pointers), ctypes.c_int64)
    functions = [prototype(library[export]) for library in libraries]
    best = [math.inf] * len(codes)
    for _ in range(ROUNDS):
        for k, compute in enumerate(functions):
            begin = time.perf_counter()
            compute(*pointers, COUNT // BLOCK)
            best[k] = min(best[k], time.perf_counter() - begin)
    return best
