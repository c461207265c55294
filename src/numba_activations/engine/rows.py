"""The loop of a generalised ufunc along an axis, as LLVM IR around the scalar functions of a traced kernel.

A pass over a row takes LANES numbers a step, and each lane has sums and maxima of its own, so that everything is whole
vectors. What the lanes are depends on the length of the row alone:

* long rows: neighbouring numbers. After a pass the lanes' sums become one, in a fixed order.
* short rows: as many rows, transposed into a buffer. After a pass each lane has the sum of its row.

The last LANES numbers of a long row are its last step, also where it shares some with the step before: of these it
computes the results again, and leaves them out of sums. Rows that are strided or not stored as they are computed pass
through buffers of about BLOCK numbers. So the same numbers meet the same instructions in the same order, wherever they
lie.
"""

from llvmlite import ir

from ..kernels.rows import CHUNK, LANES, TOGETHER
from .loops import (
    GROUP,
    I32,
    I64,
    METADATA,
    PLAIN,
    POINTER,
    STORAGES,
    VOID,
    Storage,
    _Counted,
    _Reference,
    _save_floating_point_state,
)
from .trace import Function, Node, Program

BLOCK = 64 * LANES
SUM = 3  # a sum has three slots: the sum, what it lost, and the numbers that come to it next, added up
GIVEN = ("input", "index", "at")  # numbers that are read, not computed
I1 = ir.IntType(1)
# A lane loop must reach LLVM's vectorizer whole: where it is short, it would be unrolled before.
LANE = _Reference(9010)
LANE_METADATA = """
!9010 = distinct !{!9010, !9002, !9011, !9012}
!9011 = !{!"llvm.loop.unroll.disable"}
!9012 = !{!"llvm.loop.vectorize.followup_all", !9013}
!9013 = !{!"llvm.loop.unroll.full"}
"""
Symbols = dict[tuple[Function, int], str]


def rows_ir(symbol: str, program: Program, storage: Storage, symbols: Symbols) -> str:
    """IR of ``void symbol(char **args, npy_intp *dimensions, npy_intp *steps, void *data)``.

    `symbols` are those of the scalar functions, by function and number of arguments.
    """
    return _Rows(symbol, program, storage, symbols).text()


class _Rows:
    """The functions of one loop: its passes, the two ways to run them, and the loop itself."""

    def __init__(self, symbol: str, program: Program, storage: Storage, symbols: Symbols) -> None:
        self.symbol, self.program, self.storage, self.symbols = symbol, program, storage, symbols
        self.kind: ir.Type = storage.compute
        self.module = ir.Module()
        self.inputs = [n for n in program.inputs if n.row]
        self.outputs = [n for n in program.outputs if n.row]
        slots = 0
        self.slots: dict[Node, int] = {}
        for node in program.nodes:
            if node.kind == "limit":
                self.slots[node] = self.slots[node.args[0]]
            elif not node.row:
                self.slots[node] = slots
                slots += SUM if node.kind == "sum" else 1
        self.size = slots * LANES
        self.integer = ir.IntType(8 * STORAGES[storage.computed_as].size)
        self.kept, first = program.kept
        # each pass twice: where rows are kept in the output, and where they are not
        self.passes = [
            (self._pass(stage, self._keeping(stage, first)), self._pass(stage, "")) for stage in range(program.passes)
        ]

    def _keeping(self, stage: int, first: int) -> str:
        if self.kept is None or stage < first:
            return ""
        return "store" if stage == first else "load"

    def text(self) -> str:
        long, short = self._runner(short=False), self._runner(short=True)
        self._loop(long, short)
        return str(self.module) + METADATA + LANE_METADATA

    def _pass(self, stage: int, keeping: str) -> ir.Function:
        """``void pass(steps, together, skip, index, stride, unit, numbers, kept, inputs..., outputs...)``.

        As many steps as are `together` are added up before they come to a sum. The first `skip` lanes do not reduce; a
        number's index in its row is ``index + step * stride + lane * unit``.
        """
        pointer = self.kind.as_pointer()
        arrays = self.inputs + self.outputs
        name = f"{self.symbol}.pass{stage}.{keeping}"
        if name in self.module.globals:
            return self.module.globals[name]
        function = ir.Function(self.module, ir.FunctionType(VOID, [I64] * 6 + [pointer] * (2 + len(arrays))), name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        steps, together, skip, index, stride, unit, numbers, kept, *rows = function.args
        for argument in (numbers, *rows[: len(self.inputs)]):
            argument.add_attribute("noalias")
        where = dict(zip(arrays, rows, strict=True))
        b = ir.IRBuilder(function.append_basic_block("entry"))
        result, exception = b.alloca(self.kind), b.alloca(POINTER)
        skip32 = b.trunc(skip, I32)
        integer, reductions = self.integer, self.program.reductions(stage)
        outputs = self.outputs if stage == self.program.passes - 1 else []

        def access(node_pointer: ir.Value) -> ir.Value:
            loaded = b.load(node_pointer)
            loaded.set_metadata("llvm.access.group", GROUP)
            return loaded

        def keep(value: ir.Value, node_pointer: ir.Value) -> None:
            b.store(value, node_pointer).set_metadata("llvm.access.group", GROUP)

        def index_of(step: ir.Value, lane: ir.Value) -> ir.Value:
            return b.trunc(b.add(index, b.add(b.mul(step, stride), b.mul(lane, unit))), integer)

        def all_of(step: ir.Value) -> None:
            start = b.mul(step, I64(LANES))
            with _Counted(b, I64(0), I64(LANES), LANE) as lane:
                place = b.add(start, lane)
                done: dict[Node, ir.Value] = {}

                def value(node: Node) -> ir.Value:
                    if node not in done:
                        if not node.row:
                            done[node] = access(self._slot(b, numbers, node, lane))
                        elif node is self.kept and keeping == "load":
                            done[node] = access(b.gep(kept, [place]))
                        elif node.kind == "input":
                            done[node] = access(b.gep(where[node], [place]))
                        elif node.kind == "spot":
                            here = b.icmp_signed("==", index_of(step, lane), b.bitcast(value(node.args[1]), integer))
                            done[node] = b.select(here, self.kind(1.0), self.kind(0.0))
                        else:
                            done[node] = self._call(b, node, [value(a) for a in node.args], result, exception)
                    return done[node]

                inside = b.icmp_signed(">=", b.trunc(lane, I32), skip32)
                for node in reductions:
                    part = value(node.args[0])
                    if node.kind == "first":
                        found = b.fcmp_ordered("==", part, value(node.args[1]))
                        number = b.select(found, index_of(step, lane), self._never())
                        part = b.bitcast(number, self.kind)
                    part = b.select(inside, part, self._neutral(b, node))
                    total = self._slot(b, numbers, node, lane, SUM - 1 if node.kind == "sum" else 0)
                    keep(self._combine(b, node, access(total), part), total)
                if self.kept and keeping == "store":
                    keep(value(self.kept), b.gep(kept, [place]))
                for node in outputs:
                    keep(value(node), b.gep(where[node], [place]))

        sums = [node for node in reductions if node.kind == "sum"]
        if not sums:
            with _Counted(b, I64(0), steps, PLAIN) as step:
                all_of(step)
        else:
            groups = b.udiv(b.sub(b.add(steps, together), I64(1)), together)
            with _Counted(b, I64(0), groups, PLAIN) as group:
                begin = b.mul(group, together)
                end = b.add(begin, together)
                for node in sums:
                    self._fill(b, numbers, node, self.kind(0.0), 2)
                with _Counted(b, begin, b.select(b.icmp_signed("<", end, steps), end, steps), PLAIN) as step:
                    all_of(step)
                for node in sums:
                    with _Counted(b, I64(0), I64(LANES), LANE) as lane:
                        places = [self._slot(b, numbers, node, lane, k) for k in range(SUM)]
                        old, lost, part = (access(place) for place in places)
                        new = b.fadd(old, part)
                        keep(new, places[0])
                        keep(b.fadd(lost, _lost(b, old, part, new)), places[1])
        b.ret_void()
        return function

    def _fill(self, b: ir.IRBuilder, numbers: ir.Value, node: Node, value: ir.Value, second: int = 0) -> None:
        with _Counted(b, I64(0), I64(LANES), LANE) as lane:
            b.store(value, self._slot(b, numbers, node, lane, second)).set_metadata("llvm.access.group", GROUP)

    def _slot(self, b: ir.IRBuilder, numbers: ir.Value, node: Node, lane: ir.Value, second: int = 0) -> ir.Value:
        return b.gep(numbers, [b.add(I64((self.slots[node] + second) * LANES), lane)])

    def _call(
        self, b: ir.IRBuilder, node: Node, values: list[ir.Value], result: ir.Value, exception: ir.Value
    ) -> ir.Value:
        assert node.function is not None
        symbol = self.symbols[node.function, len(values)]
        function = self.module.globals.get(symbol)
        if function is None:
            kind = ir.FunctionType(I32, [self.kind.as_pointer(), POINTER.as_pointer()] + [self.kind] * len(values))
            function = ir.Function(self.module, kind, symbol)
        b.call(function, [result, exception, *values])
        return b.load(result)

    def _combine(self, b: ir.IRBuilder, node: Node, old: ir.Value, part: ir.Value) -> ir.Value:
        """Two results of a reduction as one; numbers or vectors."""
        if node.kind in ("sum", "count"):
            return b.fadd(old, part)
        if node.kind == "first":
            whole = ir.VectorType(self.integer, old.type.count) if isinstance(old.type, ir.VectorType) else self.integer
            return b.select(b.icmp_signed("<", b.bitcast(part, whole), b.bitcast(old, whole)), part, old)
        better = b.fcmp_ordered(">", part, old)
        if node.kind == "maximum":
            better = b.or_(better, b.fcmp_unordered("uno", part, part))
        return b.select(better, part, old)

    def _neutral(self, b: ir.IRBuilder, node: Node) -> ir.Value:
        """What a reduction starts from."""
        if node.kind in ("sum", "count"):
            return self.kind(0.0)
        return b.bitcast(self._never(), self.kind) if node.kind == "first" else self.kind(float("-inf"))

    def _never(self) -> ir.Value:
        """The index of what is not there."""
        return self.integer(2 ** (self.integer.width - 1) - 1)

    def _runner(self, short: bool) -> ir.Function:
        """``void run(n, rows, pointers..., steps within a row..., steps between rows...)``: one long row, or `rows`."""
        program, storage = self.program, self.storage
        operands = (*program.inputs, *program.outputs)
        count = len(operands)
        name = f"{self.symbol}.{'short' if short else 'long'}"
        function = ir.Function(
            self.module, ir.FunctionType(VOID, [I64, I64, *[POINTER] * count, *[I64] * (2 * count)]), name
        )
        function.linkage = "internal"
        function.attributes.add("noinline")
        length, rows = function.args[:2]
        base = dict(zip(operands, function.args[2 : 2 + count], strict=True))
        inner = dict(zip(operands, function.args[2 + count : 2 + 2 * count], strict=True))
        outer = dict(zip(operands, function.args[2 + 2 * count :], strict=True))
        arrays = self.inputs + self.outputs
        b = ir.IRBuilder(function.append_basic_block("entry"))
        area = LANES * LANES if short else BLOCK + LANES

        def room(size: int) -> ir.Value:
            place = b.alloca(ir.ArrayType(self.kind, size))
            place.align = 64
            return b.gep(place, [I64(0), I64(0)])

        buffers = {node: room(area) for node in arrays}
        numbers, last_kept = room(self.size), room(LANES)
        start = b.alloca(I64)

        def element(node: Node, row: ir.Value, index: ir.Value) -> ir.Value:
            offset = b.add(b.mul(row, outer[node]), b.mul(index, inner[node]))
            return b.bitcast(b.gep(base[node], [offset]), storage.memory.as_pointer())

        direct: ir.Value = I1(0)
        if not short and storage.memory == storage.compute:
            direct = I1(1)
            for node in arrays:
                direct = b.and_(direct, b.icmp_signed("==", inner[node], I64(storage.size)))
            for node in self.outputs:  # NumPy copies operands that overlap, but not those that are the same
                for other in self.inputs:
                    direct = b.and_(direct, b.icmp_unsigned("!=", base[node], base[other]))
        single = b.icmp_signed("<", length, I64(BLOCK + LANES))
        keeping = b.or_(direct, single)
        span = b.select(direct, I64(CHUNK), I64(BLOCK))

        def index(node: Node, row: ir.Value) -> ir.Value:
            return b.load(b.bitcast(element(node, row, I64(0)), I64.as_pointer()))

        def given(node: Node, row: ir.Value) -> ir.Value:
            """A number as it is read for a row."""
            if node.kind == "index":
                return b.bitcast(b.trunc(index(node, row), self.integer), self.kind)
            whole, place = (node, I64(0)) if node.kind == "input" else (node.args[0], index(node.args[1], row))
            return storage.widen(b, b.load(element(whole, row, place)))

        last_row = b.sub(rows, I64(1))
        for node in program.nodes:
            if node.row:
                continue
            if node.kind == "length":
                self._fill(b, numbers, node, b.sitofp(length, self.kind))
            elif node.kind in GIVEN and short:
                with _Counted(b, I64(0), I64(LANES), PLAIN) as lane:
                    row = b.select(b.icmp_signed("<", lane, rows), lane, last_row)
                    b.store(given(node, row), self._slot(b, numbers, node, lane))
            elif node.kind in GIVEN:
                self._fill(b, numbers, node, given(node, I64(0)))
        if short:
            for node in self.inputs:
                with _Counted(b, I64(0), I64(LANES), PLAIN) as lane:
                    row = b.select(b.icmp_signed("<", lane, rows), lane, last_row)
                    with _Counted(b, I64(0), length, PLAIN) as i:
                        number = storage.widen(b, b.load(element(node, row, i)))
                        b.store(number, b.gep(buffers[node], [b.add(b.mul(i, I64(LANES)), lane)]))

        self._numbers(b, numbers, 0)
        for stage, (kept, plain) in enumerate(self.passes):
            again = function.append_basic_block("again")
            b.branch(again)
            b.position_at_end(again)
            for node in program.reductions(stage):
                self._fill(b, numbers, node, self._neutral(b, node))
                if node.kind == "sum":
                    self._fill(b, numbers, node, self.kind(0.0), 1)
            final = stage == program.passes - 1
            if short:
                pointers = [buffers[a] for a in (self.outputs or self.inputs)[:1] + arrays]
                b.call(kept, [length, I64(1), I64(0), I64(0), I64(1), I64(0), numbers, *pointers])
            else:
                b.store(I64(0), start)
                head, body, end = (function.append_basic_block(part) for part in ("head", "body", "end"))
                b.branch(head)
                b.position_at_end(head)
                here = b.load(start)
                b.cbranch(b.icmp_signed("<", here, length), body, end)
                b.position_at_end(body)
                left = b.sub(length, here)
                some = b.select(b.icmp_signed("<", left, b.add(span, I64(LANES))), left, span)
                full, tail = b.lshr(some, I64(5)), b.and_(some, I64(LANES - 1))
                following = b.add(here, some)
                first = b.icmp_signed("==", I64(stage), I64(0))
                with b.if_then(b.and_(b.not_(direct), b.or_(first, b.not_(single)))):
                    for node in self.inputs:
                        with _Counted(b, I64(0), some, PLAIN) as i:
                            number = storage.widen(b, b.load(element(node, I64(0), b.add(here, i))))
                            b.store(number, b.gep(buffers[node], [i]))
                places = [b.bitcast(b.gep(base[a], [b.mul(here, inner[a])]), self.kind.as_pointer()) for a in arrays]
                pointers = [b.select(direct, p, buffers[a]) for p, a in zip(places, arrays, strict=True)]
                main_kept = pointers[len(self.inputs)] if self.outputs else last_kept
                skip = b.sub(I64(LANES), tail)
                last = b.sub(some, I64(LANES))
                ends = [b.gep(pointer, [last]) for pointer in pointers]
                with b.if_else(keeping) as (then, otherwise):
                    for branch, step in ((then, kept), (otherwise, plain)):
                        with branch:
                            counts = [full, I64(TOGETHER), I64(0), here, I64(LANES), I64(1)]
                            b.call(step, [*counts, numbers, main_kept, *pointers])
                            with b.if_then(b.icmp_signed(">", tail, I64(0))):
                                counts = [I64(1), I64(1), skip, b.add(here, last), I64(LANES), I64(1)]
                                b.call(step, [*counts, numbers, last_kept, *ends])
                if final:
                    with b.if_then(b.not_(direct)):
                        for node in self.outputs:
                            with _Counted(b, I64(0), some, PLAIN) as i:
                                number = b.load(b.gep(buffers[node], [i]))
                                b.store(storage.narrow(b, number), element(node, I64(0), b.add(here, i)))
                sums = [node for node in program.reductions(stage) if node.kind == "sum"]
                if sums:
                    with b.if_then(b.icmp_signed("==", b.and_(following, I64(CHUNK - 1)), I64(0))):
                        for node in sums:
                            self._renew(b, numbers, node)
                b.store(following, start)
                b.branch(head)
                b.position_at_end(end)
            for node in program.reductions(stage):
                self._finish(b, numbers, node, short)
            self._numbers(b, numbers, stage + 1)
            if limit := program.limit(stage):
                onward = function.append_basic_block("onward")
                b.cbranch(self._advance(b, numbers, limit), again, onward)
                b.position_at_end(onward)

        for node in program.outputs:
            if node.row and not short:
                continue
            with _Counted(b, I64(0), rows if short else I64(1), PLAIN) as lane:
                if node.row:
                    with _Counted(b, I64(0), length, PLAIN) as i:
                        number = b.load(b.gep(buffers[node], [b.add(b.mul(i, I64(LANES)), lane)]))
                        b.store(storage.narrow(b, number), element(node, lane, i))
                else:
                    number = b.load(self._slot(b, numbers, node, lane))
                    b.store(storage.narrow(b, number), element(node, lane, I64(0)))
        b.ret_void()
        return function

    def _finish(self, b: ir.IRBuilder, numbers: ir.Value, node: Node, short: bool) -> None:
        """Make the lanes' results one in every lane, or where each lane is a row, complete them."""
        vector = ir.VectorType(self.kind, LANES)
        places = [
            b.bitcast(self._slot(b, numbers, node, I64(0), second), vector.as_pointer())
            for second in range(2 if node.kind == "sum" else 1)
        ]
        result, *rest = [b.load(place, align=64) for place in places]
        low = rest[0] if rest else None
        width = LANES
        while not short and width > 1:
            width //= 2
            halves = [
                [
                    b.shuffle_vector(v, v, ir.Constant(ir.VectorType(I32, width), list(range(k, k + width))))
                    for k in (0, width)
                ]
                for v in (result, low)
                if v is not None
            ]
            old, part = halves[0]
            result = self._combine(b, node, old, part)
            if low is not None:
                low = b.fadd(b.fadd(*halves[1]), _lost(b, old, part, result))
        if low is not None:
            whole = b.fadd(result, low)
            result = b.select(b.fcmp_unordered("uno", low, low), result, whole)
        if not short:
            result = b.shuffle_vector(result, result, ir.Constant(ir.VectorType(I32, LANES), [0] * LANES))
        b.store(result, places[0], align=64)

    def _renew(self, b: ir.IRBuilder, numbers: ir.Value, node: Node) -> None:
        """Add to the lanes' sums what they lost, so that this does not grow large, and lose digits itself."""
        vector = ir.VectorType(self.kind, LANES).as_pointer()
        places = [b.bitcast(self._slot(b, numbers, node, I64(0), second), vector) for second in range(2)]
        high, low = (b.load(place, align=64) for place in places)
        total = b.fadd(high, low)
        infinite = b.fcmp_unordered("uno", low, low)
        b.store(b.select(infinite, high, total), places[0], align=64)
        b.store(b.select(infinite, low, b.fsub(low, b.fsub(total, high))), places[1], align=64)

    def _advance(self, b: ir.IRBuilder, numbers: ir.Value, limit: Node) -> ir.Value:
        """Raise the variable of a fixpoint to its next value in every lane; whether one was raised."""
        vector = ir.VectorType(self.kind, LANES).as_pointer()
        place, *others = (b.bitcast(self._slot(b, numbers, n, I64(0)), vector) for n in limit.args)
        old, new = b.load(place, align=64), b.load(others[0], align=64)
        raised = b.fcmp_ordered(">", new, old)
        b.store(b.select(raised, new, old), place, align=64)
        return b.icmp_unsigned("!=", b.bitcast(raised, ir.IntType(LANES)), ir.IntType(LANES)(0))

    def _numbers(self, b: ir.IRBuilder, numbers: ir.Value, stage: int) -> None:
        """Compute the numbers of the rows that need `stage` passes."""
        kinds = ("map", "variable")
        found = [n for n in self.program.nodes if n.kind in kinds and not n.row and n.stage == stage]
        if not found:
            return
        with b.goto_entry_block():
            result, exception = b.alloca(self.kind), b.alloca(POINTER)
        for node in found:
            with _Counted(b, I64(0), I64(LANES), LANE) as lane:
                values = []
                for argument in node.args:
                    loaded = b.load(self._slot(b, numbers, argument, lane))
                    loaded.set_metadata("llvm.access.group", GROUP)
                    values.append(loaded)
                made = values[0] if node.kind == "variable" else self._call(b, node, values, result, exception)
                b.store(made, self._slot(b, numbers, node, lane)).set_metadata("llvm.access.group", GROUP)

    def _loop(self, long: ir.Function, short: ir.Function) -> None:
        program = self.program
        operands = (*program.inputs, *program.outputs)
        count = len(operands)
        loop = ir.Function(
            self.module,
            ir.FunctionType(VOID, [POINTER.as_pointer(), I64.as_pointer(), I64.as_pointer(), POINTER]),
            self.symbol,
        )
        args, dimensions, steps, _ = loop.args
        b = ir.IRBuilder(loop.append_basic_block("entry"))
        restore = _save_floating_point_state(b)
        rows, length = (b.load(b.gep(dimensions, [I64(k)])) for k in range(2))
        base = [b.load(b.gep(args, [I64(k)])) for k in range(count)]
        between = [b.load(b.gep(steps, [I64(k)])) for k in range(count)]
        within, place = [], count
        for node in operands:
            within.append(b.load(b.gep(steps, [I64(place)])) if node.row else I64(0))
            place += node.row
        is_short = b.icmp_signed("<=", length, I64(LANES))
        size = b.select(is_short, I64(LANES), I64(1))
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
                    b.call(runner, [length, some, *pointers, *within, *between])
        following = b.add(row, size)
        row.add_incoming(following, b.block)
        b.cbranch(b.icmp_signed("<", following, rows), body, after)
        b.position_at_end(after)
        restore()
        b.ret_void()


def _lost(b: ir.IRBuilder, x: ir.Value, y: ir.Value, total: ir.Value) -> ir.Value:
    """What the sum `total` of x and y lacks, exactly."""
    other = b.fsub(total, x)
    return b.fadd(b.fsub(x, b.fsub(total, other)), b.fsub(y, other))
