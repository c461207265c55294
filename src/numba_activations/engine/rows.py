"""The loop of a generalised ufunc along an axis, as LLVM IR around the scalar functions of a traced kernel.

A pass over a row takes LANES numbers a step, and each lane has sums and maxima of its own, so that everything is whole
vectors. What the lanes are depends on the length of the row alone:

* long rows: neighbouring numbers. After a pass the lanes' sums become one, in a fixed order.
* short rows: as many rows, transposed into a buffer. After a pass each lane has the sum of its row.

Rows are taken in blocks, as many as the lanes and the cache have room for: a pass goes over all of them before the next
one begins, and what is computed once a row, such as 1 / sum, is computed for all of them at once, a row a lane.

The last LANES numbers of a long row are its last step, also where it shares some with the step before: of these it
computes the results again, and leaves them out of sums. Rows that are strided or not stored as they are computed pass
through buffers of about BLOCK numbers. So the same numbers meet the same instructions in the same order, wherever they
lie.

With 16 registers, the constants of an exponential and the accumulators of its sums do not go into one loop: the numbers
that take many constants lie aside, TOGETHER steps of them, and other loops reduce them.
"""

import re
from typing import Literal, NamedTuple

from llvmlite import ir

from ..kernels.rows import CHUNK, LANES, TOGETHER
from . import target
from .loops import (
    GROUP,
    I32,
    I64,
    LINE,
    LOOP,
    METADATA,
    PLAIN,
    POINTER,
    STORAGES,
    VOID,
    Counted,
    Reference,
    Storage,
    save_floating_point_state,
    set_apart,
)
from .trace import SUMS, Node, Program, Scalar

BLOCK = 64 * LANES
NEAR = 4096  # numbers of the rows of a block, so that they stay in the nearest cache
SLOT = 2 * LANES  # a number of each row; behind the last row it is repeated, so that no lane is without
# The accumulators of a sum: itself, what it lost, the numbers that come to it next, added up; of a sum of the others
# the largest number too. And those that remain after a pass.
TOTAL, LOST, NEXT, LARGEST = range(4)
REMAINING = {"sum": (TOTAL, LOST), "others": (TOTAL, LOST, LARGEST)}
READ, WRITE = range(2)  # as LLVM numbers them
GIVEN = ("input", "index", "at")  # numbers that are read, not computed
I1 = ir.IntType(1)
# A lane loop must reach LLVM's vectorizer whole: where it is short, it would be unrolled before.
LANE = Reference(9010)
# The loop over steps has four vectors in each already. Unrolled once more, it would need a rest.
STEP = Reference(9014)
LOOP_METADATA = """
!9010 = distinct !{!9010, !9002, !9011, !9012}
!9011 = !{!"llvm.loop.unroll.disable"}
!9012 = !{!"llvm.loop.vectorize.followup_all", !9013}
!9013 = !{!"llvm.loop.unroll.full"}
!9014 = distinct !{!9014, !9004, !9011}
"""
FEW_CONSTANTS = 8  # in a loop that has half of 16 registers left for something else
AHEAD = 2048  # bytes between what a pass reads and what it asks for: the processor's own guesses end with a page
Functions = dict[tuple[Scalar, int], tuple[str, str]]
Part = Literal["short", "long", "end"]  # of a pass: over short rows, over a long one, and over what is left of that


class _Steps(NamedTuple):
    """The functions of one pass: of short rows, of a long row kept in the output, of one that is not, of its end."""

    short: ir.Function
    keeping: ir.Function
    plain: ir.Function
    end: ir.Function


def rows_ir(symbol: str, program: Program, storage: Storage, functions: Functions) -> str:
    """IR of ``void symbol(char **args, npy_intp *dimensions, npy_intp *steps, void *data)``.

    `functions` are the scalar functions in LLVM IR and their symbols, by function and number of arguments.
    """
    return _Rows(symbol, program, storage, functions).text()


class _Rows:
    """The functions of one loop: its passes, the two ways to run them, and the loop itself."""

    def __init__(self, symbol: str, program: Program, storage: Storage, functions: Functions) -> None:
        self.symbol, self.program, self.storage, self.functions = symbol, program, storage, functions
        self.kind: ir.Type = storage.compute
        self.module = ir.Module()
        self.inputs = [n for n in program.inputs if n.row]
        self.outputs = [n for n in program.outputs if n.row]
        self.slots: dict[Node, int] = {}  # of the numbers of each row
        for node in program.nodes:
            if not node.row:
                alike = node.kind == "limit"
                self.slots[node] = self.slots[node.args[0]] if alike else len(set(self.slots.values()))
        self.accumulators: dict[Node, int] = {}  # of the reductions of a pass: the first of each
        self.room = 0  # for all of a pass
        for stage in range(program.passes):
            size = 0
            for node in program.reductions(stage):
                self.accumulators[node] = size
                size += 1 + max(NEXT, *REMAINING[node.kind]) if node.kind in SUMS else 1
            self.room = max(self.room, size)
        self.integer = ir.IntType(8 * STORAGES[storage.computed_as].size)
        self.kept, first = program.kept
        self.passes = [self._pass(stage, first) for stage in range(program.passes)]

    def text(self) -> str:
        long, short = (_Block(self, short).function for short in (False, True))
        self._loop(long, short)
        return str(self.module) + METADATA + LOOP_METADATA

    def _pass(self, stage: int, first: int) -> _Steps:
        keeping = "" if self.kept is None or stage < first else "store" if stage == first else "load"
        return _Steps(
            self._steps(stage, "short", keeping),
            self._steps(stage, "long", keeping),
            self._steps(stage, "long", ""),
            self._steps(stage, "end", keeping),
        )

    def _steps(self, stage: int, part: Part, keeping: str) -> ir.Function:
        name = f"{self.symbol}.pass{stage}.{part}.{keeping}"
        return self.module.globals.get(name) or _Pass(self, name, stage, part, keeping).function

    def _fetched(self, stage: int, keeping: str) -> list[tuple[Node, int, int]]:
        """What of a long row comes to the nearest cache before it is needed: how many bytes ahead, and for what.

        Only while much is computed of each number, and memory would wait: what follows, also across a page's end, and
        the output, if the next pass is to write it.
        """
        if not self._large(stage):
            return []
        follows = [(node, AHEAD, READ) for node in self.inputs] if stage == 0 else []
        written = self.outputs if stage == self.program.passes - 2 and not keeping else []
        return follows + [(node, 0, WRITE) for node in written]

    def _fetch(self, b: ir.IRBuilder, place: ir.Value, ahead: int, use: int) -> None:
        """Ask for the lines of the cache that a step uses, or is to use."""
        kind = ir.FunctionType(VOID, [POINTER, I32, I32, I32])
        prefetch = b.module.declare_intrinsic("llvm.prefetch", [POINTER], kind)
        nearest, data = I32(3), I32(1)
        first = b.bitcast(place, POINTER)
        for offset in range(ahead, ahead + LANES * self.integer.width // 8, LINE):
            b.call(prefetch, [b.gep(first, [I64(offset)]), I32(use), nearest, data])

    def _large(self, stage: int) -> Node | None:
        """A row that a pass computes for its reductions with many constants and numbers, as an exponential has them."""
        for reduction in self.program.reductions(stage):
            for node in reduction.below():
                if node.row and node.function is not None and node.stage == stage:
                    text, _ = self.functions[node.function, len(node.args)]
                    constants = len(set(re.findall(r"(?:float|double) (0x\w+|[-\d.]+e[+-]\d+)", text)))
                    if constants + sum(not a.row for a in node.args) > FEW_CONSTANTS:
                        return node
        return None

    def _loops(self, reductions: list[Node], crowded: Node | None) -> list[tuple[list[Node], bool]]:
        """The loops of a pass: the reductions of each, and whether it computes what is to lie in memory."""
        if crowded is None:
            return [(reductions, True)]
        lying = [node for node in reductions if node.args[0].kind == "input" or node.args[0] in (crowded, self.kept)]
        others = [node for node in reductions if node not in lying]  # two may need the same comparison
        pairs = [others[k : k + 2] for k in range(0, len(others), 2)]
        return [([], True), *(([node], False) for node in lying), *((pair, False) for pair in pairs)]

    def _fill(self, b: ir.IRBuilder, place: ir.Value, value: ir.Value) -> None:
        """The same value in as many places as there are lanes."""
        kind = ir.VectorType(self.kind, LANES)
        lane = b.insert_element(ir.Constant(kind, ir.Undefined), value, I32(0))
        whole = b.shuffle_vector(lane, lane, ir.Constant(ir.VectorType(I32, LANES), [0] * LANES))
        b.store(whole, b.bitcast(place, kind.as_pointer()), align=self.integer.width // 8)

    def _slot(self, b: ir.IRBuilder, numbers: ir.Value, node: Node, row: ir.Value) -> ir.Value:
        """The place of a number of a row of the block."""
        return b.gep(numbers, [b.add(I64(self.slots[node] * SLOT), row)])

    def _accumulator(
        self, b: ir.IRBuilder, accumulators: ir.Value, node: Node, lane: ir.Value, which: int = TOTAL
    ) -> ir.Value:
        return b.gep(accumulators, [b.add(I64((self.accumulators[node] + which) * LANES), lane)])

    def _call(
        self, b: ir.IRBuilder, node: Node, values: list[ir.Value], result: ir.Value, exception: ir.Value
    ) -> ir.Value:
        assert node.function is not None
        _, symbol = self.functions[node.function, len(values)]
        function = self.module.globals.get(symbol)
        if function is None:
            kind = ir.FunctionType(I32, [self.kind.as_pointer(), POINTER.as_pointer()] + [self.kind] * len(values))
            function = ir.Function(self.module, kind, symbol)
        b.call(function, [result, exception, *values])
        return b.load(result)

    def _combine(self, b: ir.IRBuilder, node: Node, old: ir.Value, part: ir.Value, once: bool = False) -> ir.Value:
        """Two results of a reduction as one; numbers or vectors. `once` as in `_larger`."""
        if node.kind in SUMS:
            return b.fadd(old, part)
        whole = ir.VectorType(self.integer, old.type.count) if isinstance(old.type, ir.VectorType) else self.integer
        if node.kind == "count":
            return b.bitcast(b.add(b.bitcast(old, whole), b.bitcast(part, whole)), old.type)
        if node.kind == "first":
            return b.select(b.icmp_signed("<", b.bitcast(part, whole), b.bitcast(old, whole)), part, old)
        larger = _larger(b, old, part, once)
        if node.kind == "maximum":
            return b.select(b.fcmp_unordered("uno", old, part), b.fadd(old, part), larger)
        return larger

    def _neutral(self, b: ir.IRBuilder, node: Node) -> ir.Value:
        """What a reduction starts from."""
        if node.kind in (*SUMS, "count"):
            return self.kind(0.0)
        return b.bitcast(self._never(), self.kind) if node.kind == "first" else self.kind(float("-inf"))

    def _never(self) -> ir.Value:
        """The index of what is not there."""
        return self.integer(2 ** (self.integer.width - 1) - 1)

    def _begin(self, b: ir.IRBuilder, accumulators: ir.Value, stage: int) -> None:
        """Let the reductions of a pass begin."""
        for node in self.program.reductions(stage):
            self._fill(b, self._accumulator(b, accumulators, node, I64(0)), self._neutral(b, node))
            for which in REMAINING.get(node.kind, ())[1:]:
                self._fill(b, self._accumulator(b, accumulators, node, I64(0), which), self.kind(0.0))

    def _vector(self, b: ir.IRBuilder, place: ir.Value) -> ir.Value:
        return b.bitcast(place, ir.VectorType(self.kind, LANES).as_pointer())

    def _parts(self, b: ir.IRBuilder, accumulators: ir.Value, node: Node) -> list[ir.Value]:
        """The lanes' results, those of a sum also as what it lost, and where a number was left out of it, that."""
        which = REMAINING.get(node.kind, (TOTAL,))
        places = (self._vector(b, self._accumulator(b, accumulators, node, I64(0), k)) for k in which)
        return [b.load(place, align=64) for place in places]

    def _across_lanes(self, b: ir.IRBuilder, node: Node, parts: list[ir.Value]) -> list[ir.Value]:
        """The lanes' results as one."""
        width, out = LANES, None  # out: what the lanes of `others` have left out, but the largest of it
        while width > 1:
            width //= 2
            halves = [_halves(b, v, width) for v in parts]
            old, part = halves[0]
            parts = [self._combine(b, node, old, part)]
            if node.kind in SUMS:
                parts.append(b.fadd(b.fadd(*halves[1]), _lost(b, old, part, parts[0])))
            if node.kind == "others":
                smaller = _smaller(b, *halves[2])
                out = smaller if out is None else b.fadd(b.fadd(*_halves(b, out, width)), smaller)
                parts.append(_larger(b, *halves[2]))
        if out is not None:
            total = b.fadd(parts[0], out)
            parts = [total, b.fadd(parts[1], _lost(b, parts[0], out, total))]
        return parts

    def _total(self, b: ir.IRBuilder, node: Node, parts: list[ir.Value]) -> ir.Value:
        """A sum with what it lost, a count as a number; the result of another reduction as it is."""
        result = parts[0]
        if node.kind == "count":
            kind = result.type
            whole = b.bitcast(result, ir.VectorType(self.integer, kind.count))
            return b.sitofp(b.trunc(whole, ir.VectorType(I32, kind.count)) if self.integer.width > 32 else whole, kind)
        if node.kind in SUMS:
            lost = parts[1]
            result = b.select(b.fcmp_unordered("uno", lost, lost), result, b.fadd(result, lost))
        return result

    def _renew(self, b: ir.IRBuilder, accumulators: ir.Value, node: Node) -> None:
        """Add to the lanes' sums what they lost, so that this does not grow large, and lose digits itself."""
        high, low = self._parts(b, accumulators, node)[:2]
        places = [self._vector(b, self._accumulator(b, accumulators, node, I64(0), which)) for which in (TOTAL, LOST)]
        total = b.fadd(high, low)
        infinite = b.fcmp_unordered("uno", low, low)
        b.store(b.select(infinite, high, total), places[0], align=64)
        b.store(b.select(infinite, low, b.fsub(low, b.fsub(total, high))), places[1], align=64)

    def _advance(self, b: ir.IRBuilder, numbers: ir.Value, limit: Node) -> ir.Value:
        """Raise the variable of a fixpoint to its next value in every lane; whether one was raised."""
        place, following = (self._vector(b, self._slot(b, numbers, n, I64(0))) for n in limit.args)
        old, new = b.load(place, align=64), b.load(following, align=64)
        raised = b.fcmp_ordered(">", new, old)
        some = self._any(b, raised)
        with b.if_then(some, likely=False):
            b.store(b.select(raised, new, old), place, align=64)
        return some

    def _any(self, b: ir.IRBuilder, lanes: ir.Value) -> ir.Value:
        """Whether something holds in one lane at least."""
        return b.icmp_unsigned("!=", b.bitcast(lanes, ir.IntType(LANES)), ir.IntType(LANES)(0))

    def _numbers(self, b: ir.IRBuilder, numbers: ir.Value, stage: int, renewed: Node | None = None) -> None:
        """Compute the numbers of the rows that need `stage` passes, or of these what depends on a `renewed` one."""
        found = [n for n in self.program.nodes if n.kind in ("map", "variable") and not n.row and n.stage == stage]
        if renewed:
            found = [n for n in found if n is not renewed and renewed in n.below()]
        if not found:
            return
        with b.goto_entry_block():
            result, exception = b.alloca(self.kind), b.alloca(POINTER)
        for node in found:
            with Counted(b, I64(0), I64(LANES), LANE) as lane:
                values = []
                for argument in node.args:
                    loaded = b.load(self._slot(b, numbers, argument, lane))
                    loaded.set_metadata("llvm.access.group", GROUP)
                    values.append(loaded)
                made = values[0] if node.kind == "variable" else self._call(b, node, values, result, exception)
                b.store(made, self._slot(b, numbers, node, lane)).set_metadata("llvm.access.group", GROUP)

    def _loop(self, long: ir.Function, short: ir.Function) -> None:
        program, storage = self.program, self.storage
        operands = (*program.inputs, *program.outputs)
        count = len(operands)
        loop = ir.Function(self.module, LOOP, self.symbol)
        args, dimensions, steps, _ = loop.args
        b = ir.IRBuilder(loop.append_basic_block("entry"))
        restore = save_floating_point_state(b)
        rows, length = (b.load(b.gep(dimensions, [I64(k)])) for k in range(2))
        base = [b.load(b.gep(args, [I64(k)])) for k in range(count)]
        between = [b.load(b.gep(steps, [I64(k)])) for k in range(count)]
        within, place = [], count
        for node in operands:
            within.append(b.load(b.gep(steps, [I64(place)])) if node.row else I64(0))
            place += node.row
        is_short = b.icmp_signed("<=", length, I64(LANES))
        direct: ir.Value = I1(storage.memory == storage.compute)
        where = {node: (base[k], within[k]) for k, node in enumerate(operands)}
        for node in self.inputs + self.outputs:
            direct = b.and_(direct, b.icmp_signed("==", where[node][1], I64(storage.size)))
        for node in self.outputs:  # NumPy copies operands that overlap, but not those that are the same
            for other in self.inputs:
                direct = b.and_(direct, b.icmp_unsigned("!=", where[node][0], where[other][0]))
        near = b.udiv(I64(NEAR), b.select(is_short, I64(1), length))
        near = b.select(b.icmp_unsigned("<", near, I64(LANES)), near, I64(LANES))
        near = b.select(b.and_(direct, b.icmp_unsigned(">", near, I64(1))), near, I64(1))
        size = b.select(is_short, I64(LANES), near)
        before, body, after = b.block, loop.append_basic_block("body"), loop.append_basic_block("after")
        b.cbranch(b.icmp_signed(">", rows, I64(0)), body, after)
        b.position_at_end(body)
        row = b.phi(I64)
        row.add_incoming(I64(0), before)
        left = b.sub(rows, row)
        some = b.select(b.icmp_signed("<", left, size), left, size)
        pointers = [b.gep(p, [b.mul(row, s)]) for p, s in zip(base, between, strict=True)]
        with b.if_else(is_short) as (then, otherwise):
            for branch, runner in ((then, short), (otherwise, long)):
                with branch:
                    b.call(runner, [length, some, direct, *pointers, *within, *between])
        following = b.add(row, size)
        row.add_incoming(following, b.block)
        b.cbranch(b.icmp_signed("<", following, rows), body, after)
        b.position_at_end(after)
        restore()
        b.ret_void()


class _Pass:
    """A pass: ``void f(steps, skip, index, numbers, accumulators, aside, kept, inputs..., outputs...)``.

    It begins with the numbers at `index`. Steps of short rows are one number of each; each lane has numbers of its own.
    Those of a long row are LANES of its numbers; TOGETHER steps are added up before they come to a sum. Its end is one
    step, where the first `skip` lanes do not reduce.
    """

    def __init__(self, of: _Rows, name: str, stage: int, part: Part, keeping: str) -> None:
        self.of, self.part, self.keeping = of, part, keeping
        pointer, arrays = of.kind.as_pointer(), of.inputs + of.outputs
        self.function = ir.Function(of.module, ir.FunctionType(VOID, [I64] * 3 + [pointer] * (4 + len(arrays))), name)
        set_apart(self.function)
        steps, skip, self.index, self.numbers, self.accumulators, self.aside, self.kept, *rows = self.function.args
        for argument in (self.numbers, self.accumulators, *rows[: len(of.inputs)]):
            argument.add_attribute("noalias")
        self.where = dict(zip(arrays, rows, strict=True))
        self.b = b = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.result, self.exception = b.alloca(of.kind), b.alloca(POINTER)
        self.skip = b.trunc(skip, I32)
        self.reductions = of.program.reductions(stage)
        self.outputs = of.outputs if stage == of.program.passes - 1 else []
        self.sums = [node for node in self.reductions if node.kind in SUMS]
        is_crowded = part == "long" and self.sums and target.has_few_registers()
        self.crowded = of._large(stage) if is_crowded else None  # a row that is to lie in memory
        self.fetched = of._fetched(stage, keeping) if part == "long" else []
        if self.crowded is of.kept and keeping == "load":
            self.crowded = None
        self.shared: dict[Node, ir.Value] = {}  # the numbers of a long row
        if part != "short":
            known = (node for node in of.slots if node.stage <= stage)
            self.shared = {node: b.load(of._slot(b, self.numbers, node, I64(0))) for node in known}
        if self.sums:
            self._sum_up(steps)
        else:
            self._all_steps(I64(0), steps)
        b.ret_void()

    def access(self, place: ir.Value) -> ir.Value:
        """Load a number that no other lane writes."""
        loaded = self.b.load(place)
        loaded.set_metadata("llvm.access.group", GROUP)
        return loaded

    def _keep(self, value: ir.Value, place: ir.Value) -> None:
        self.b.store(value, place).set_metadata("llvm.access.group", GROUP)

    def _sum_up(self, steps: ir.Value) -> None:
        """All steps, some together: then what they add up to comes to the sums."""
        b, of = self.b, self.of
        together = I64(TOGETHER if self.part == "long" else 1)
        groups = b.udiv(b.sub(b.add(steps, together), I64(1)), together)
        with Counted(b, I64(0), groups, PLAIN) as group:
            begin = b.mul(group, together)
            end = b.add(begin, together)
            for node in self.sums:
                of._fill(b, of._accumulator(b, self.accumulators, node, I64(0), NEXT), of.kind(0.0))
            self._all_steps(begin, b.select(b.icmp_signed("<", end, steps), end, steps))
            for node in self.sums:
                with Counted(b, I64(0), I64(LANES), LANE) as lane:
                    places = [of._accumulator(b, self.accumulators, node, lane, k) for k in (TOTAL, LOST, NEXT)]
                    old, lost, more = (self.access(place) for place in places)
                    new = b.fadd(old, more)
                    self._keep(new, places[0])
                    self._keep(b.fadd(lost, _lost(b, old, more, new)), places[1])

    def _all_steps(self, begin: ir.Value, end: ir.Value) -> None:
        b = self.b
        for reductions, computing in self.of._loops(self.reductions, self.crowded):
            with Counted(b, begin, end, STEP) as step:
                if computing:
                    for node, ahead, use in self.fetched:
                        self.of._fetch(b, b.gep(self.where[node], [b.mul(step, I64(LANES))]), ahead, use)
                self._step(step, begin, reductions, computing)

    def _step(self, step: ir.Value, begin: ir.Value, reductions: list[Node], computing: bool) -> None:
        """One number in every lane: reduce it, and where it is `computing`, write what is to be written."""
        b, of = self.b, self.of
        start = b.mul(step, I64(LANES))
        since = b.mul(b.sub(step, begin), I64(LANES))
        with Counted(b, I64(0), I64(LANES), LANE) as lane:
            place = b.add(start, lane)
            written: dict[Node, ir.Value] = {}  # rows that are computed but once
            read: dict[Node, ir.Value] = {}
            if self.crowded:
                written[self.crowded] = b.gep(self.aside, [b.add(since, lane)])
            if of.kept and self.keeping:
                (read if self.keeping == "load" else written)[of.kept] = b.gep(self.kept, [place])
            if not computing:
                read |= written
            here = _Lane(self, step, lane, place, read)
            for node in reductions:
                self._reduce(node, here)
            if computing:
                for node, there in written.items():
                    self._keep(here.value(node), there)
            for node in self.outputs:
                self._keep(here.value(node), b.gep(self.where[node], [place]))

    def _reduce(self, node: Node, here: "_Lane") -> None:
        """Bring the number of a lane to a reduction."""
        b, of, once = self.b, self.of, self.part == "end"
        number = here.value(node.args[0])
        if node.kind == "first":
            found = b.fcmp_ordered("==", number, here.value(node.args[1]))
            number = b.bitcast(b.select(found, here.index(), of._never()), of.kind)
        elif node.kind == "count":
            number = b.bitcast(b.zext(b.fcmp_unordered("!=", number, of.kind(0.0)), of.integer), of.kind)
        if self.part == "end":
            inside = b.icmp_signed(">=", b.trunc(here.lane, I32), self.skip)
            number = b.select(inside, number, of._neutral(b, node))
        if node.kind == "others":
            peak = of._accumulator(b, self.accumulators, node, here.lane, LARGEST)
            largest = self.access(peak)
            self._keep(_larger(b, largest, number, once), peak)
            number = _smaller(b, largest, number)
        total = of._accumulator(b, self.accumulators, node, here.lane, NEXT if node.kind in SUMS else TOTAL)
        self._keep(of._combine(b, node, self.access(total), number, once), total)


class _Lane:
    """What one lane has in a step: each node is computed, or read, where it is first needed."""

    def __init__(self, of: _Pass, step: ir.Value, lane: ir.Value, place: ir.Value, read: dict[Node, ir.Value]) -> None:
        self.of, self.step, self.lane, self.place, self.read = of, step, lane, place, read
        self.done = dict(of.shared)

    def value(self, node: Node) -> ir.Value:
        """The number that a node has here."""
        if node not in self.done:
            self.done[node] = self._found(node)
        return self.done[node]

    def _found(self, node: Node) -> ir.Value:
        of, b, rows = self.of, self.of.b, self.of.of
        if not node.row:
            return of.access(rows._slot(b, of.numbers, node, self.lane))
        if node in self.read:
            return of.access(self.read[node])
        if node.kind == "input":
            return of.access(b.gep(of.where[node], [self.place]))
        if node.kind == "spot":
            here = b.icmp_signed("==", self.index(), b.bitcast(self.value(node.args[1]), rows.integer))
            return b.select(here, rows.kind(1.0), rows.kind(0.0))
        return rows._call(b, node, [self.value(a) for a in node.args], of.result, of.exception)

    def index(self) -> ir.Value:
        """Where in the row it is."""
        b = self.of.b
        inside = self.step if self.of.part == "short" else b.add(b.mul(self.step, I64(LANES)), self.lane)
        return b.trunc(b.add(self.of.index, inside), self.of.of.integer)


class _Block:
    """``void run(n, rows, direct, pointers..., steps within a row..., steps between rows...)``: a block of rows.

    `direct` tells whether long rows are to be computed where they lie; if not, there is one of them.
    """

    def __init__(self, of: _Rows, short: bool) -> None:
        self.of, self.short = of, short
        operands = (*of.program.inputs, *of.program.outputs)
        count = len(operands)
        kind = ir.FunctionType(VOID, [I64, I64, I1, *[POINTER] * count, *[I64] * (2 * count)])
        self.function = ir.Function(of.module, kind, f"{of.symbol}.{'short' if short else 'long'}")
        set_apart(self.function)
        self.length, self.rows, self.direct = self.function.args[:3]
        self.base = dict(zip(operands, self.function.args[3 : 3 + count], strict=True))
        self.inner = dict(zip(operands, self.function.args[3 + count : 3 + 2 * count], strict=True))
        self.outer = dict(zip(operands, self.function.args[3 + 2 * count :], strict=True))
        self.b = b = ir.IRBuilder(self.function.append_basic_block("entry"))
        b.assume(b.icmp_signed(">", self.rows, I64(0)))  # else LLVM compiles for no rows too, and warns of what it gets
        area = LANES * LANES if short else BLOCK + LANES
        self.buffers = {node: self._room(area) for node in of.inputs + of.outputs}
        self.numbers, self.accumulators = self._room(len(of.slots) * SLOT), self._room(of.room * LANES)
        self.aside, self.last_kept = self._room(TOGETHER * LANES), self._room((1 if short else LANES) * LANES)
        self.start = b.alloca(I64)
        self.single = b.icmp_signed("<", self.length, I64(BLOCK + LANES))
        self.keeping = b.or_(self.direct, self.single)
        self.span = b.select(self.direct, I64(CHUNK), I64(BLOCK))
        self._read()
        self._compute()
        self._write()
        b.ret_void()

    def _room(self, size: int) -> ir.Value:
        place = self.b.alloca(ir.ArrayType(self.of.kind, size))
        place.align = 64
        return self.b.gep(place, [I64(0), I64(0)])

    def _element(self, node: Node, row: ir.Value, index: ir.Value) -> ir.Value:
        b = self.b
        offset = b.add(b.mul(row, self.outer[node]), b.mul(index, self.inner[node]))
        return b.bitcast(b.gep(self.base[node], [offset]), self.of.storage.memory.as_pointer())

    def _number(self, node: Node, row: ir.Value, index: ir.Value) -> ir.Value:
        """A number of a row, in the type in which is computed."""
        return self.of.storage.widen(self.b, self.b.load(self._element(node, row, index)))

    def _put(self, number: ir.Value, node: Node, row: ir.Value, index: ir.Value) -> None:
        self.b.store(self.of.storage.narrow(self.b, number), self._element(node, row, index))

    def _slot(self, node: Node, row: ir.Value) -> ir.Value:
        return self.of._slot(self.b, self.numbers, node, row)

    # Reading.

    def _read(self) -> None:
        """Numbers that are given; of short rows all."""
        b, of = self.b, self.of
        for node in of.program.nodes:
            if node.kind == "length":
                of._fill(b, self._slot(node, I64(0)), b.sitofp(self.length, of.kind))
            elif node.kind in GIVEN and not node.row:
                with Counted(b, I64(0), self.rows, PLAIN) as row:
                    of._fill(b, self._slot(node, row), self._given(node, row))
            elif node.kind == "head" and not self.short:
                self._find_heads(node)
        if self.short:
            self._transpose()
            for node in of.program.nodes:
                if node.kind == "head":
                    self._take_heads(node)

    def _given(self, node: Node, row: ir.Value) -> ir.Value:
        """A number as it is read for a row."""
        if node.kind == "index":
            return self.b.bitcast(self.b.trunc(self._index(node, row), self.of.integer), self.of.kind)
        whole, place = (node, I64(0)) if node.kind == "input" else (node.args[0], self._index(node.args[1], row))
        return self._number(whole, row, place)

    def _index(self, node: Node, row: ir.Value) -> ir.Value:
        return self.b.load(self.b.bitcast(self._element(node, row, I64(0)), I64.as_pointer()))

    def _transpose(self) -> None:
        """Into the buffers, a row a lane; the last row also where there is none."""
        b = self.b
        last_row = b.sub(self.rows, I64(1))
        for node in self.of.inputs:
            with Counted(b, I64(0), I64(LANES), PLAIN) as lane:
                row = b.select(b.icmp_signed("<", lane, self.rows), lane, last_row)
                with Counted(b, I64(0), self.length, PLAIN) as i:
                    number = self._number(node, row, i)
                    b.store(number, b.gep(self.buffers[node], [b.add(b.mul(i, I64(LANES)), lane)]))

    def _take_heads(self, node: Node) -> None:
        """The first numbers of short rows; where one is not finite, or there is none, they are looked for."""
        b, of = self.b, self.of
        heads = b.load(of._vector(b, self.buffers[node.args[0]]), align=64)
        b.store(heads, of._vector(b, self._slot(node, I64(0))), align=64)
        infinite = b.fcmp_unordered("!=", b.fsub(heads, heads), ir.Constant(heads.type, [0.0] * LANES))
        with b.if_then(b.or_(of._any(b, infinite), b.icmp_signed("==", self.length, I64(0))), likely=False):
            self._find_heads(node)

    def _find_heads(self, node: Node) -> None:
        b, of = self.b, self.of
        of._fill(b, self._slot(node, I64(0)), of.kind(float("-inf")))
        some = b.select(b.icmp_signed(">", self.length, I64(0)), self.rows, I64(0))
        with Counted(b, I64(0), some, PLAIN) as row:
            of._fill(b, self._slot(node, row), self._first_finite(node.args[0], row))

    def _first_finite(self, node: Node, row: ir.Value) -> ir.Value:
        """The first finite number of a row that has any number, else its first."""
        b, kind = self.b, self.of.kind
        before, (body, onward, after) = b.block, self._blocks("at", "onward", "found")
        first = self._number(node, row, I64(0))
        b.branch(body)
        b.position_at_end(body)
        place = b.phi(I64)
        place.add_incoming(I64(0), before)
        number = self._number(node, row, place)
        finite = b.fcmp_ordered("==", b.fsub(number, number), kind(0.0))
        following = b.add(place, I64(1))
        b.cbranch(finite, after, onward)
        b.position_at_end(onward)
        place.add_incoming(following, onward)
        b.cbranch(b.icmp_signed("<", following, self.length), body, after)
        b.position_at_end(after)
        found = b.phi(kind)
        found.add_incoming(number, body)
        found.add_incoming(first, onward)
        return found

    def _blocks(self, *names: str) -> list[ir.Block]:
        return [self.function.append_basic_block(name) for name in names]

    # Computing.

    def _compute(self) -> None:
        """All passes, and before and after each what is computed once a row."""
        b, of, program = self.b, self.of, self.of.program
        of._numbers(b, self.numbers, 0)
        for stage, steps in enumerate(of.passes):
            (again,) = self._blocks("again")
            b.branch(again)
            b.position_at_end(again)
            if self.short:
                self._short_pass(stage, steps)
            else:
                with Counted(b, I64(0), self.rows, PLAIN) as row:
                    self._long_pass(stage, steps, row)
            of._numbers(b, self.numbers, stage + 1)
            if limit := program.limit(stage):
                renewed, onward = self._blocks("renewed", "onward")
                b.cbranch(of._advance(b, self.numbers, limit), renewed, onward)
                b.position_at_end(renewed)
                of._numbers(b, self.numbers, stage, limit.args[0])
                b.branch(again)
                b.position_at_end(onward)

    def _short_pass(self, stage: int, steps: _Steps) -> None:
        b, of = self.b, self.of
        of._begin(b, self.accumulators, stage)
        pointers = [self.buffers[a] for a in (of.outputs or of.inputs)[:1] + of.inputs + of.outputs]
        b.call(steps.short, [self.length, I64(0), I64(0), self.numbers, self.accumulators, self.aside, *pointers])
        for node in of.program.reductions(stage):
            result = of._total(b, node, of._parts(b, self.accumulators, node))
            b.store(result, of._vector(b, self._slot(node, I64(0))), align=64)

    def _long_pass(self, stage: int, steps: _Steps, row: ir.Value) -> None:
        """Over one row, a span at a time: where what the lanes' sums have lost is added to them, or a buffer ends."""
        b, of = self.b, self.of
        reductions = of.program.reductions(stage)
        of._begin(b, self.accumulators, stage)
        b.store(I64(0), self.start)
        head, body, end = self._blocks("head", "body", "end")
        b.branch(head)
        b.position_at_end(head)
        here = b.load(self.start)
        b.cbranch(b.icmp_signed("<", here, self.length), body, end)
        b.position_at_end(body)
        left = b.sub(self.length, here)
        some = b.select(b.icmp_signed("<", left, b.add(self.span, I64(LANES))), left, self.span)
        following = self._span(stage, steps, row, here, some)
        sums = [node for node in reductions if node.kind in SUMS]
        if sums:
            with b.if_then(b.icmp_signed("==", b.and_(following, I64(CHUNK - 1)), I64(0))):
                for node in sums:
                    of._renew(b, self.accumulators, node)
        b.store(following, self.start)
        b.branch(head)
        b.position_at_end(end)
        for node in reductions:
            result = of._total(b, node, of._across_lanes(b, node, of._parts(b, self.accumulators, node)))
            of._fill(b, self._slot(node, row), b.extract_element(result, I32(0)))

    def _span(self, stage: int, steps: _Steps, row: ir.Value, here: ir.Value, some: ir.Value) -> ir.Value:
        """A pass over `some` numbers of a row, from `here` on; where it ends."""
        b, of = self.b, self.of
        full, tail = b.lshr(some, I64(LANES.bit_length() - 1)), b.and_(some, I64(LANES - 1))
        following = b.add(here, some)
        first = b.icmp_signed("==", I64(stage), I64(0))
        with b.if_then(b.and_(b.not_(self.direct), b.or_(first, b.not_(self.single)))):
            for node in of.inputs:
                with Counted(b, I64(0), some, PLAIN) as i:
                    number = self._number(node, row, b.add(here, i))
                    b.store(number, b.gep(self.buffers[node], [i]))
        arrays = of.inputs + of.outputs
        places = [b.bitcast(self._element(a, row, here), of.kind.as_pointer()) for a in arrays]
        pointers = [b.select(self.direct, p, self.buffers[a]) for p, a in zip(places, arrays, strict=True)]
        row_kept = b.gep(self.last_kept, [b.mul(row, I64(LANES))])
        main_kept = pointers[len(of.inputs)] if of.outputs else row_kept
        skip = b.sub(I64(LANES), tail)
        last = b.sub(some, I64(LANES))
        ends = [b.gep(pointer, [last]) for pointer in pointers]
        of_row = b.gep(self.numbers, [row])
        memory = of_row, self.accumulators, self.aside
        with b.if_else(self.keeping) as (then, otherwise):
            for branch, step in ((then, steps.keeping), (otherwise, steps.plain)):
                with branch:
                    b.call(step, [full, I64(0), here, *memory, main_kept, *pointers])
        with b.if_then(b.icmp_signed(">", tail, I64(0))):
            b.call(steps.end, [I64(1), skip, b.add(here, last), *memory, row_kept, *ends])
        if stage == of.program.passes - 1:
            with b.if_then(b.not_(self.direct)):
                for node in of.outputs:
                    with Counted(b, I64(0), some, PLAIN) as i:
                        self._put(b.load(b.gep(self.buffers[node], [i])), node, row, b.add(here, i))
        return following

    # Writing.

    def _write(self) -> None:
        """The results that are numbers; of short rows all."""
        b = self.b
        for node in self.of.program.outputs:
            if node.row and not self.short:
                continue
            with Counted(b, I64(0), self.rows, PLAIN) as row:
                if node.row:
                    with Counted(b, I64(0), self.length, PLAIN) as i:
                        number = b.load(b.gep(self.buffers[node], [b.add(b.mul(i, I64(LANES)), row)]))
                        self._put(number, node, row, i)
                else:
                    self._put(b.load(self._slot(node, row)), node, row, I64(0))


def _halves(b: ir.IRBuilder, vector: ir.Value, width: int) -> list[ir.Value]:
    """The two halves of a vector, each of a width."""
    indices = (ir.Constant(ir.VectorType(I32, width), list(range(k, k + width))) for k in (0, width))
    return [b.shuffle_vector(vector, vector, chosen) for chosen in indices]


def _larger(b: ir.IRBuilder, largest: ir.Value, number: ir.Value, once: bool = False) -> ir.Value:
    """The larger of two numbers or vectors; NaN, as `number`, does not count.

    `once`: the largest was loaded, and the result is stored in its place, outside a loop. Where LLVM sees a comparison
    between, it makes a masked store of it, which takes some processors 40 instructions.
    """
    if once:
        kind = ir.FunctionType(number.type, [number.type] * 2)
        return b.call(b.module.declare_intrinsic("llvm.maxnum", [number.type], kind), [largest, number])
    return b.select(b.fcmp_ordered("<", largest, number), number, largest)


def _smaller(b: ir.IRBuilder, largest: ir.Value, number: ir.Value) -> ir.Value:
    """The smaller of two numbers or vectors; NaN, as `number`, counts as such."""
    return b.select(b.fcmp_ordered("<", largest, number), largest, number)


def _lost(b: ir.IRBuilder, x: ir.Value, y: ir.Value, total: ir.Value) -> ir.Value:
    """What the sum `total` of x and y lacks, exactly."""
    other = b.fsub(total, x)
    return b.fadd(b.fsub(x, b.fsub(total, other)), b.fsub(y, other))
