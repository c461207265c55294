"""The one inner loop that every ufunc has, as LLVM IR around a scalar function.

Numbers are computed in blocks of BLOCK: a constant, so that LLVM makes whole vectors of them and nothing else. Arrays
that are contiguous are computed where they lie (an output may be an input), the last block again where they are no
whole number of blocks; whatever is strided, broadcast or short passes through small buffers. So every number, wherever
it lies, goes through the same instructions.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from llvmlite import ir

from . import target

BLOCK = 64
_SHIFT = BLOCK.bit_length() - 1  # log2 of it
ARRAYS = "arrays"  # the end of the name of what computes whole blocks, where most of the time goes
SHORT = 16  # numbers that a call on few of them computes
CHUNK = 512
LINE = 64  # bytes of the cache that come and go together
I16, I32, I64, VOID = ir.IntType(16), ir.IntType(32), ir.IntType(64), ir.VoidType()
POINTER = ir.IntType(8).as_pointer()
LOOP = ir.FunctionType(VOID, [POINTER.as_pointer(), I64.as_pointer(), I64.as_pointer(), POINTER])  # of a ufunc


@dataclass(frozen=True, slots=True)
class Storage:
    """How a number lies in memory, in what type it is computed, and the way from one to the other."""

    name: str
    memory: ir.Type
    compute: ir.Type
    size: int
    widen: Callable[[ir.IRBuilder, ir.Value], ir.Value]
    narrow: Callable[[ir.IRBuilder, ir.Value], ir.Value]

    @property
    def computed_as(self) -> str:
        """'float32' or 'float64', the type of the computation."""
        return "float64" if self.compute == ir.DoubleType() else "float32"


def _same(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    return value


def _half_to_float(b: ir.IRBuilder, value: ir.Value) -> ir.Value:
    if not target.is_x86() or target.has("f16c"):
        return b.fpext(b.bitcast(value, ir.HalfType()), ir.FloatType())
    bits = b.zext(value, I32)
    magnitude = b.shl(b.and_(bits, I32(0x7FFF)), I32(13))
    scaled = b.fmul(b.bitcast(magnitude, ir.FloatType()), ir.FloatType()(2.0**112))
    special = b.icmp_unsigned(">=", magnitude, I32(0x7C00 << 13))
    magnitude = b.select(special, b.or_(magnitude, I32(0x7F800000)), b.bitcast(scaled, I32))
    return b.bitcast(b.or_(magnitude, b.shl(b.and_(bits, I32(0x8000)), I32(16))), ir.FloatType())


def _float_to_half(b: ir.IRBuilder, value: ir.Value) -> ir.Value:
    if not target.is_x86() or target.has("f16c"):
        return b.bitcast(b.fptrunc(value, ir.HalfType()), I16)
    bits = b.bitcast(value, I32)
    magnitude = b.and_(bits, I32(0x7FFFFFFF))
    small = b.fadd(b.bitcast(magnitude, ir.FloatType()), ir.FloatType()(0.5))
    small = b.sub(b.bitcast(small, I32), I32(0x3F000000))
    odd = b.and_(b.lshr(magnitude, I32(13)), I32(1))
    normal = b.lshr(b.add(b.sub(magnitude, I32(0x37FFF001)), odd), I32(13))
    special = b.select(b.icmp_unsigned(">", magnitude, I32(0x7F800000)), I32(0x7E00), I32(0x7C00))
    result = b.select(b.icmp_unsigned("<", magnitude, I32(0x38800000)), small, normal)
    result = b.select(b.icmp_unsigned(">=", magnitude, I32(0x47800000)), special, result)
    return b.trunc(b.or_(result, b.lshr(b.and_(bits, I32(0x80000000)), I32(16))), I16)


def _bfloat_to_float(b: ir.IRBuilder, value: ir.Value) -> ir.Value:
    return b.bitcast(b.shl(b.zext(value, I32), I32(16)), ir.FloatType())


def _float_to_bfloat(b: ir.IRBuilder, value: ir.Value) -> ir.Value:
    bits = b.bitcast(value, I32)
    odd = b.and_(b.lshr(bits, I32(16)), I32(1))
    rounded = b.lshr(b.add(b.add(bits, I32(0x7FFF)), odd), I32(16))
    quiet = b.or_(b.lshr(bits, I32(16)), I32(0x40))
    return b.trunc(b.select(b.fcmp_unordered("uno", value, value), quiet, rounded), I16)


STORAGES = {
    s.name: s
    for s in (
        Storage("float16", I16, ir.FloatType(), 2, _half_to_float, _float_to_half),
        Storage("bfloat16", I16, ir.FloatType(), 2, _bfloat_to_float, _float_to_bfloat),
        Storage("float32", ir.FloatType(), ir.FloatType(), 4, _same, _same),
        Storage("float64", ir.DoubleType(), ir.DoubleType(), 8, _same, _same),
    )
}


def by_computation(names: Collection[str]) -> dict[str, list[str]]:
    """The names of storages by the type of the computation, 'float32' or 'float64': each is compiled by itself."""
    kinds = sorted({STORAGES[name].computed_as for name in names})
    return {kind: [name for name in names if STORAGES[name].computed_as == kind] for kind in kinds}


class Reference:
    """A metadata node that is written below the module by hand, because it must name itself."""

    def __init__(self, number: int) -> None:
        self.number = number

    def get_reference(self) -> str:
        """As llvmlite writes it where it is used."""
        return f"!{self.number}"


# PARALLEL: every iteration reads and writes its own numbers only, also where output and input are the same array; and
# four vectors at a time. LLVM on its own takes fewer, lest constants leave the registers, or since the processor looks
# far enough ahead; but those are as good in memory, the processor does not, and most activations take 5 to 30 % less.
# PLAIN: strided or short, so that vectors would only be in the way.
PARALLEL, GROUP, PLAIN = Reference(9000), Reference(9001), Reference(9003)
METADATA = """
!9000 = distinct !{!9000, !9002, !9005}
!9001 = distinct !{}
!9002 = !{!"llvm.loop.parallel_accesses", !9001}
!9003 = distinct !{!9003, !9004}
!9004 = !{!"llvm.loop.vectorize.enable", i1 false}
!9005 = !{!"llvm.loop.interleave.count", i32 4}
"""


def loop_ir(
    symbol: str,
    kernel_symbol: str,
    storage: Storage,
    inputs: int,
    outputs: int,
    parameters: int,
    constants: tuple[float, ...] = (),
) -> str:
    """IR of ``void symbol(char **args, npy_intp *dimensions, npy_intp *steps, void *data)``.

    The last `parameters` of the inputs are loaded once where they are scalars (stride 0). The kernel takes the inputs,
    then the `constants`.
    """
    module = ir.Module()

    def block_function(name: str, scalars: int, few: int = 0) -> ir.Function:
        return _block_function(
            module, f"{symbol}.{name}", kernel_symbol, storage, inputs, outputs, constants, scalars, few
        )

    blocks = {0: block_function(ARRAYS, 0)}
    if parameters:
        blocks[parameters] = block_function("scalars", parameters)
    short = block_function("short", 0, SHORT)
    loop = _Loop(ir.Function(module, LOOP, symbol), storage, inputs, outputs)
    for scalars, function in blocks.items():
        loop.compute_in_place(function, scalars)
    loop.compute_in_buffers(blocks[0], short)
    return str(module) + METADATA


class _Loop:
    """The loop of a ufunc while it is written: contiguous numbers where they lie, all others in buffers."""

    def __init__(self, function: ir.Function, storage: Storage, inputs: int, outputs: int) -> None:
        self.function, self.storage, self.inputs, self.outputs = function, storage, inputs, outputs
        operands = range(inputs + outputs)
        args, dimensions, steps, _ = function.args
        self.b = b = ir.IRBuilder(function.append_basic_block("entry"))
        buffers = [b.alloca(ir.ArrayType(storage.memory, CHUNK)) for _ in operands]
        for buffer in buffers:
            buffer.align = 64
        self.firsts = [b.gep(buffer, [I64(0), I64(0)]) for buffer in buffers]
        self.restore = save_floating_point_state(b)
        self.count = b.load(dimensions)
        self.base = [b.load(b.gep(args, [I64(k)])) for k in operands]
        self.step = [b.load(b.gep(steps, [I64(k)])) for k in operands]
        self.size = I64(storage.size)
        self.done = b.alloca(I64)  # how many numbers are
        b.store(I64(0), self.done)
        self.whole = b.lshr(self.count, I64(_SHIFT))
        self.uneven = b.icmp_signed("!=", b.shl(self.whole, I64(_SHIFT)), self.count)
        self.apart = b.icmp_signed(">", self.whole, I64(0))
        for source in self.base[:inputs]:
            for result in self.base[inputs:]:
                extent = b.mul(self.count, self.size)
                self.apart = b.and_(self.apart, _same_or_apart(b, source, result, extent))

    def compute_in_place(self, function: ir.Function, scalars: int) -> None:
        """Call the function of blocks where all operands are contiguous, the last `scalars` of the inputs scalars."""
        b, inputs = self.b, self.inputs
        fixed = range(inputs - scalars, inputs)
        direct = self.apart
        for k, step in enumerate(self.step):
            direct = b.and_(direct, b.icmp_signed("==", step, I64(0) if k in fixed else self.size))
        with b.if_then(direct):
            typed = [b.bitcast(p, self.storage.memory.as_pointer()) for p in self.base]
            last = [p if k in fixed else b.gep(p, [b.sub(self.count, I64(BLOCK))]) for k, p in enumerate(typed)]
            with b.if_then(self.uneven):  # before anything is written, since an output may be an input
                b.call(function, [*last[:inputs], *self.firsts[inputs:], I64(1)])
            b.call(function, [*typed, self.whole])
            with b.if_then(self.uneven):
                for source, result in zip(self.firsts[inputs:], last[inputs:], strict=True):
                    _copy_block(b, source, result, self.storage)
            b.store(self.count, self.done)

    def compute_in_buffers(self, blocks: ir.Function, short: ir.Function) -> None:
        """Copy what is left to the buffers, compute there, and copy the results back; then return."""
        b, inputs = self.b, self.inputs
        head, body, end = (self.function.append_basic_block(name) for name in ("head", "body", "end"))
        b.branch(head)
        b.position_at_end(head)
        start = b.load(self.done)
        b.cbranch(b.icmp_signed("<", start, self.count), body, end)
        b.position_at_end(body)
        here = self._how_many(start)
        rounded = b.and_(b.add(here, I64(BLOCK - 1)), I64(-BLOCK))
        for k in range(inputs):
            first = self.firsts[k]
            _fill_block(b, b.load(self._address(k, start)), b.gep(first, [b.sub(rounded, I64(BLOCK))]))
            with Counted(b, I64(0), here, PLAIN) as i:
                b.store(b.load(self._address(k, b.add(start, i))), b.gep(first, [i]))
        with b.if_else(b.icmp_signed("<=", here, I64(SHORT))) as (few, many):
            with few:
                b.call(short, self.firsts)
            with many:
                b.call(blocks, [*self.firsts, b.lshr(rounded, I64(_SHIFT))])
        for k in range(inputs, inputs + self.outputs):
            with Counted(b, I64(0), here, PLAIN) as i:
                b.store(b.load(b.gep(self.firsts[k], [i])), self._address(k, b.add(start, i)))
        b.store(b.add(start, here), self.done)
        b.branch(head)
        b.position_at_end(end)
        self.restore()
        b.ret_void()

    def _how_many(self, start: ir.Value) -> ir.Value:
        """How many numbers come to the buffers at once, of those from `start` on."""
        b = self.b
        left = b.sub(self.count, start)
        chunk: ir.Value = I64(CHUNK)
        if (self.inputs, self.outputs) == (2, 1):
            # what NumPy reduces and accumulates: each result is an input of the next
            beside = b.icmp_unsigned("==", b.gep(self.base[0], [self.step[0]]), self.base[2])
            chunk = b.select(b.and_(beside, b.icmp_signed("==", self.step[0], self.step[2])), I64(1), chunk)
        return b.select(b.icmp_signed("<", left, chunk), left, chunk)

    def _address(self, k: int, index: ir.Value) -> ir.Value:
        """Where an operand has the number of an index."""
        place = self.b.gep(self.base[k], [self.b.mul(index, self.step[k])])
        return self.b.bitcast(place, self.storage.memory.as_pointer())


def _same_or_apart(b: ir.IRBuilder, source: ir.Value, result: ir.Value, extent: ir.Value) -> ir.Value:
    """Whether two contiguous arrays of `extent` bytes are one and the same or have no byte in common.

    NumPy also calls a loop whose output lies a little before its input, where element by element nothing is lost; then
    a block must be read before any of it is written, and the buffers see to that.
    """
    distance = b.sub(b.ptrtoint(result, I64), b.ptrtoint(source, I64))
    # |distance| >= extent, in one comparison
    clear = b.icmp_unsigned(">=", b.add(distance, b.sub(extent, I64(1))), b.sub(b.shl(extent, I64(1)), I64(1)))
    return b.or_(b.icmp_signed("==", distance, I64(0)), clear)


def _fill_block(b: ir.IRBuilder, value: ir.Value, place: ir.Value) -> None:
    """Fill a block of a buffer with one number, so that what follows the last one is a number too."""
    kind = ir.VectorType(value.type, BLOCK)
    lane = b.insert_element(ir.Constant(kind, ir.Undefined), value, I32(0))
    splat = b.shuffle_vector(lane, ir.Constant(kind, ir.Undefined), ir.Constant(ir.VectorType(I32, BLOCK), [0] * BLOCK))
    b.store(splat, b.bitcast(place, kind.as_pointer()), align=64)


def _copy_block(b: ir.IRBuilder, source: ir.Value, result: ir.Value, storage: Storage) -> None:
    kind = ir.VectorType(storage.memory, BLOCK).as_pointer()
    b.store(b.load(b.bitcast(source, kind), align=64), b.bitcast(result, kind), align=storage.size)


def _block_function(
    module: ir.Module,
    symbol: str,
    kernel_symbol: str,
    storage: Storage,
    inputs: int,
    outputs: int,
    constants: tuple[float, ...],
    scalars: int,
    few: int,
) -> ir.Function:
    """``void f(inputs..., outputs..., n)``: compute n blocks of contiguous numbers, or without n `few` numbers."""
    pointer = storage.memory.as_pointer()
    operands = [pointer] * (inputs + outputs)
    function = ir.Function(module, ir.FunctionType(VOID, operands if few else [*operands, I64]), symbol)
    set_apart(function)
    kernel = module.globals.get(kernel_symbol)
    if kernel is None:
        kind = ir.FunctionType(I32, [POINTER, POINTER] + [storage.compute] * (inputs + len(constants)))
        kernel = ir.Function(module, kind, kernel_symbol)
    arrays = function.args[: len(operands)]
    b = ir.IRBuilder(function.append_basic_block("entry"))
    result = b.alloca(ir.ArrayType(storage.compute, outputs))
    exception = b.alloca(POINTER)
    fixed = {k: storage.widen(b, b.load(arrays[k])) for k in range(inputs - scalars, inputs)}
    count = I64(few) if few else b.shl(function.args[-1], I64(_SHIFT), flags=("nuw", "nsw"))
    with Counted(b, I64(0), count, PARALLEL) as i:
        numbers = []
        for k in range(inputs):
            if k in fixed:
                numbers.append(fixed[k])
                continue
            loaded = b.load(b.gep(arrays[k], [i]))
            loaded.set_metadata("llvm.access.group", GROUP)
            numbers.append(storage.widen(b, loaded))
        numbers += [storage.compute(c) for c in constants]
        b.call(kernel, [b.bitcast(result, POINTER), b.bitcast(exception, POINTER), *numbers])
        for k in range(outputs):
            value = storage.narrow(b, b.load(b.gep(result, [I64(0), I64(k)])))
            stored = b.store(value, b.gep(arrays[inputs + k], [i]))
            stored.set_metadata("llvm.access.group", GROUP)
    b.ret_void()
    return function


def set_apart(function: ir.Function) -> None:
    """Compile a function by itself, with its vectors that find no register where they cross no line of the cache.

    A stack is aligned to 16 bytes, and LLVM learns too late that vectors come to lie there: in one process they would
    cross lines, in the next they would not, and a loop take up to a fourth more time.
    """
    function.linkage = "internal"
    function.attributes.add("noinline")
    if target.is_x86():
        function.attributes.alignstack = LINE


class Counted:
    """``for i in range(first, end)`` around the code that is built inside the with statement."""

    def __init__(self, builder: ir.IRBuilder, first: ir.Value, end: ir.Value, metadata: Reference) -> None:
        self.builder, self.first, self.end, self.metadata = builder, first, end, metadata

    def __enter__(self) -> ir.Value:
        b = self.builder
        before, self.body, self.after = b.block, b.append_basic_block("for"), b.append_basic_block("done")
        b.cbranch(b.icmp_signed("<", self.first, self.end), self.body, self.after)
        b.position_at_end(self.body)
        self.index = b.phi(I64)
        self.index.add_incoming(self.first, before)
        return self.index

    def __exit__(self, *_: object) -> None:
        b = self.builder
        following = b.add(self.index, I64(1), flags=("nuw", "nsw"))
        self.index.add_incoming(following, b.block)
        branch = b.cbranch(b.icmp_signed("<", following, self.end), self.body, self.after)
        branch.set_metadata("llvm.loop", self.metadata)
        b.position_at_end(self.after)


def save_floating_point_state(b: ir.IRBuilder) -> Callable[[], None]:
    """Save the flags that arithmetic raises; the result puts them back, so that NumPy sees nothing to warn of."""
    if target.is_x86():
        names, size = ("llvm.x86.sse.stmxcsr", "llvm.x86.sse.ldmxcsr"), 4
    else:
        names, size = ("fegetenv", "fesetenv"), 128
    state = b.alloca(ir.ArrayType(ir.IntType(8), size))
    state.align = 16
    pointer = b.bitcast(state, POINTER)
    result = VOID if target.is_x86() else I32
    save, put_back = (ir.Function(b.module, ir.FunctionType(result, [POINTER]), name) for name in names)
    b.call(save, [pointer])
    return lambda: b.call(put_back, [pointer])
