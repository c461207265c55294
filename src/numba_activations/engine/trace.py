"""What a kernel along an axis computes, found out by calling it once with symbols instead of rows."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

Function = Callable[..., Any]
SUMS = ("sum", "others")
REDUCTIONS = (*SUMS, "count", "maximum", "fmax", "first")


class Scalar(NamedTuple):
    """A function of numbers, and the tier that is its first argument where it needs exp."""

    kernel: Function
    tier: ModuleType | None


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A row of numbers, or one number of each row, that a kernel computes.

    Attributes
    ----------
    kind : str
        'input', 'index' (an input that is one), 'head', 'length', 'map', 'spot', 'at', 'variable', 'limit', or one
        of `REDUCTIONS`.
    function : Scalar or None
        That of a 'map'.
    args : tuple of Node
        What it is computed from.
    row : bool
        Whether it is a row; else it is a number.
    stage : int
        How many passes over the row must be complete before this can be computed.
    """

    kind: str
    function: Scalar | None
    args: tuple["Node", ...]
    row: bool
    stage: int

    def below(self) -> dict["Node", None]:
        """Itself and all that it is computed from, in an order in which they can be."""
        found: dict[Node, None] = {}
        for argument in self.args:
            found.update(argument.below())
        return {**found, self: None}


class Trace:
    """Takes the place of `numba_activations.kernels.rows.Row`, and records what is asked of it.

    What is asked twice is one node.
    """

    def __init__(self) -> None:
        self._nodes: dict[tuple[Any, ...], Node] = {}
        self.limits: list[Node] = []  # they are to be reached, also where nothing else asks for them
        self.length = self._node("length", (), row=False, stage=0)

    def map(self, function: Function, *args: Any) -> Node:
        """A row, or a number where all arguments are numbers but for the tier."""
        tier, *nodes = args if isinstance(args[0], ModuleType) else (None, *args)
        return self._map(Scalar(function, tier), *nodes)

    def _map(self, function: Scalar, *args: Node) -> Node:
        return self._node("map", args, row=any(a.row for a in args), function=function)

    def sum(self, row: Node) -> Node:
        """The sum of a row."""
        return self._reduction("sum", row)

    def others(self, row: Node) -> Node:
        """The sum of a row of numbers >= 0 without one of the largest."""
        return self._reduction("others", row)

    def count(self, row: Node) -> Node:
        """The sum of a row of zeros and ones."""
        return self._reduction("count", row)

    def maximum(self, row: Node) -> Node:
        """The largest number of a row, or NaN."""
        return self._reduction("maximum", row)

    def fmax(self, row: Node) -> Node:
        """The largest number of a row but NaN."""
        return self._reduction("fmax", row)

    def first(self, row: Node, number: Node) -> Node:
        """The index of the first number of a row that is equal to another."""
        return self._reduction("first", row, number)

    def spot(self, row: Node, first: Node) -> Node:
        """A row that is 1 at an index, else 0."""
        return self._node("spot", (row, first), row=True)

    def at(self, row: Node, index: Node) -> Node:
        """The number of an input at an index that is one too."""
        return self._node("at", (row, index), row=False)

    def head(self, row: Node) -> Node:
        """The first finite number of a row, else its first."""
        if row.kind == "map":
            assert row.function is not None
            return self._map(row.function, *(self.head(a) if a.row else a for a in row.args))
        return self._node("head", (row,), row=False)

    def fixpoint(self, step: Callable[[Node], tuple[Node, ...]], start: Node) -> tuple[Node, ...]:
        """What `step` leaves as it is, or makes smaller, and what else it gives for that."""
        variable = self._node("variable", (start,), row=False)
        following, *rest = step(variable)
        limit = self._node("limit", (variable, following), row=False)
        self.limits.append(limit)
        return (limit, *rest)

    def _reduction(self, kind: str, *args: Node) -> Node:
        return self._node(kind, args, row=False, stage=1 + max(a.stage for a in args))

    def _node(
        self,
        kind: str,
        args: tuple[Node, ...],
        *,
        row: bool,
        stage: int | None = None,
        function: Scalar | None = None,
    ) -> Node:
        if stage is None:
            stage = max(a.stage for a in args)
        return self._nodes.setdefault((kind, function, args), Node(kind, function, args, row, stage))


@dataclass(frozen=True, slots=True)
class Program:
    """The passes of a kernel: inputs and outputs, and all nodes in an order in which they can be computed."""

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    nodes: tuple[Node, ...]

    @property
    def functions(self) -> list[tuple[Scalar, int]]:
        """The scalar functions and the numbers of their arguments."""
        return list(dict.fromkeys((n.function, len(n.args)) for n in self.nodes if n.function is not None))

    @property
    def passes(self) -> int:
        """How many passes over a row there are."""
        return 1 + max(n.stage - (not n.row) for n in self.nodes if n.row or n.kind in REDUCTIONS)

    def reductions(self, stage: int) -> list[Node]:
        """The reductions of a pass."""
        return [n for n in self.nodes if n.kind in REDUCTIONS and n.stage == stage + 1]

    def limit(self, stage: int) -> Node | None:
        """The fixpoint for whose sake a pass is repeated."""
        return next((n for n in self.nodes if n.kind == "limit" and n.stage == stage + 1), None)

    @property
    def kept(self) -> tuple[Node | None, int]:
        """A row that the output needs, and the pass that first computes it, for a reduction: the one of most steps."""
        last = self.passes - 1
        needed = [a for n in self.nodes if n.row and n.stage == last for a in n.args if a.kind == "map" and a.row]
        for stage in reversed(range(last)):
            reduced = dict.fromkeys(node for r in self.reductions(stage) for node in r.below())
            if found := [node for node in needed if node in reduced]:
                node = max(found, key=lambda n: len(n.below()))
                return node, min(s for s in range(last) for r in self.reductions(s) if node in r.below())
        return None, last


def trace(kernel: Function, rows: tuple[bool, ...], labelled: bool) -> Program:
    """The program of a kernel, some of whose inputs are rows and the others numbers, the last a label or not."""
    kinds = ["input"] * (len(rows) - labelled) + ["index"] * labelled
    inputs = tuple(Node(kind, None, (), row, 0) for kind, row in zip(kinds, rows, strict=True))
    recorder = Trace()
    result = kernel(recorder, *inputs)
    outputs = result if isinstance(result, tuple) else (result,)
    nodes: dict[Node, None] = dict.fromkeys(inputs)
    for needed in (*outputs, *recorder.limits):
        nodes.update(needed.below())
    return Program(inputs, outputs, tuple(nodes))
