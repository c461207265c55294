"""The public functions along an axis: generalised ufuncs, and what arranges their operands."""

import contextlib
import functools
import inspect
import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import tier_errors
from ..records import ALONG_AXIS, APPROXIMATIONS, AxisFunction
from . import cache, objectcode, schedules
from .documentation import exp_of
from .keys import DEFAULT, Key, offers, tier_of
from .listening import listen
from .locks import Lock
from .loops import STORAGES, by_computation, loop_ir
from .numpy_api import make_gufunc, make_ufunc
from .parametric import OF_NO_TYPE, check_rules
from .variants import VARIANTS, bind

if TYPE_CHECKING:
    from .trace import Scalar

STORED = ("float16", "float32", "float64")
LABEL = np.dtype(np.int64)
BY_LABEL = "_by_label"  # what the name of a variant ends with that takes a label for a row of targets
_ufuncs: dict[Key, np.ufunc] = {}
_functions: dict[Key, Any] = {}
on_new_function: list[Callable[[Any, Key], None]] = []  # called with each: how the Numba extension hears of it
_publishing = Lock()  # held while a ufunc is made of object code; never while anything is compiled


class Variant(NamedTuple):
    """One use of a row of the table: its kernel, the core dimensions of its operands, and what it gives."""

    kernel: Callable[..., Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    meaning: str
    labelled: bool = False  # whether the last input is a label, an index

    def dtypes(self, name: str) -> tuple[np.dtype, ...]:
        """The types of the operands, where the numbers among them have one."""
        found = [np.dtype(name)] * (len(self.inputs) + len(self.outputs))
        if self.labelled:
            found[len(self.inputs) - 1] = LABEL
        return tuple(found)

    @property
    def signature(self) -> str:
        """As NumPy writes it."""
        return "->".join(",".join(f"({core})" for core in cores) for cores in (self.inputs, self.outputs))


def variants(record: AxisFunction) -> dict[str, Variant]:
    """What is made of a row of the table."""
    inputs, outputs = (tuple(re.findall(r"\((\w*)\)", part)) for part in record.signature.split("->"))
    parameters = ("",) * len(record.parameters)
    found = {"value": Variant(record.kernel, inputs + parameters, outputs, "f(x)")}
    if record.vjp or record.elementwise:
        found["vjp"] = Variant(
            record.vjp or record.kernel,
            outputs + inputs + parameters,
            inputs[: record.differentiated],
            "the vector-Jacobian product of g and df/dx",
        )
    if record.derivative or (record.elementwise and record.differentiated == 1):
        found["derivative"] = Variant(
            record.derivative or record.kernel, inputs + parameters, inputs[: record.differentiated], "df/dx"
        )
    for name, kernel in record.labels.items():
        of_rows = found[name]
        found[name + BY_LABEL] = of_rows._replace(kernel=kernel, inputs=(*of_rows.inputs[:-1], ""), labelled=True)
    return found


def names(variant: str = "value", tier: str = DEFAULT) -> tuple[str, ...]:
    """All names that have a variant in a tier, aliases too."""
    found = (name for name in ALONG_AXIS.names() if offers(tier, ALONG_AXIS[name]))
    return tuple(name for name in found if variant in variants(ALONG_AXIS[name]))


def stored(key: Key) -> tuple[str, ...]:
    """The names of the dtypes that the ufunc of a key has."""
    computed = APPROXIMATIONS[key.tier].bounds
    return tuple(name for name in STORED if STORAGES[name].computed_as in computed)


def function(key: Key) -> Any:
    """The public function of a key."""
    if key not in _functions:
        record = ALONG_AXIS[key.name]
        kind = {"": Parametric if record.parameters else None, "halves": Halves, "pieces": Pieces, "targets": Targets}
        wrapper = kind[record.split]
        made = wrapper(key) if wrapper else ufunc(key)
        listen("njit_along_axis")
        with _publishing:
            if key in _functions:
                return _functions[key]
            _functions[key] = made
        for listener in on_new_function:
            listener(made, key)
    return _functions[key]


def functions() -> dict[Key, Any]:
    """What this process has so far."""
    return dict(_functions)


def ufunc(key: Key) -> np.ufunc:
    """The ufunc of a key; it is compiled if no process of this user has done so before."""
    if key not in _ufuncs:
        codes = objectcode.obtain(_entry(key), lambda: _compile(key))
        with _publishing:
            if key not in _ufuncs:
                _ufuncs[key] = _publish(key, codes)
    return _ufuncs[key]


def cached(key: Key) -> bool:
    """Whether nothing needs to be compiled for a function: it is here, or its code is in the cache."""
    variant = key.variant + BY_LABEL
    by_label = [key._replace(variant=variant)] if variant in variants(ALONG_AXIS[key.name]) else []
    return all(each in _ufuncs or cache.load(_entry(each)) is not None for each in (key, *by_label))


def _entry(key: Key) -> str:
    return cache.key("along axis", *key, *stored(key))


def _publish(key: Key, codes: list[bytes]) -> np.ufunc:
    record = ALONG_AXIS[key.name]
    variant = variants(record)[key.variant]
    path = key.path + (".ufunc" if record.split or record.parameters else "")
    addresses = objectcode.load(codes, "along axis." + ".".join(key), stored(key))
    if record.elementwise:
        loops = {np.dtype(name): addresses[name] for name in stored(key)}
        made = make_ufunc(path, documentation(key), len(variant.inputs), len(variant.outputs), loops)
    else:
        loops_by_operands = {variant.dtypes(name): addresses[name] for name in stored(key)}
        made = make_gufunc(path, documentation(key), variant.signature, loops_by_operands)
    with contextlib.suppress(AttributeError):  # a ufunc has attributes of its own from NumPy 2.1 on
        made.__module__ = __name__.partition(".")[0]
        made.__qualname__ = path  # type: ignore[misc]  # NumPy's stubs call it read-only
    return made


def _compile(key: Key) -> list[bytes]:
    record = ALONG_AXIS[key.name]
    if not record.elementwise:
        return [objectcode.build(texts(key, {name: name for name in stored(key)}), stored(key))]
    variant = variants(record)[key.variant]
    codes = []
    for kind, names in by_computation(stored(key)).items():
        operands = len(variant.inputs), len(variant.outputs)
        codes.append(schedules.build(texts(key, {name: name for name in names}), names, kind, kind, *operands))
    return codes


def texts(key: Key, symbols: dict[str, str]) -> list[str]:
    """The inner loops of a key in LLVM IR: what they are to be called, by the name of the type."""
    from .rows import rows_ir
    from .scalar import scalar_ir
    from .trace import trace

    record = ALONG_AXIS[key.name]
    variant = variants(record)[key.variant]
    storages = {name: STORAGES[name] for name in symbols}
    kinds = by_computation(symbols)
    if record.elementwise:
        inputs, outputs = len(variant.inputs), len(variant.outputs)
        adapted = {kind: scalar_ir(elementwise(key), kind, inputs) for kind in kinds}
        loops = [
            loop_ir(symbols[name], adapted[storage.computed_as][1], storage, inputs, outputs, 0)
            for name, storage in storages.items()
        ]
        return [*(text for text, _ in adapted.values()), *loops]
    program = trace(row_kernel(key), tuple(core != "" for core in variant.inputs), variant.labelled)
    functions = {kind: {f: _scalar_ir(*f, kind) for f in program.functions} for kind in kinds}
    loops = [
        rows_ir(symbols[name], program, storage, functions[storage.computed_as]) for name, storage in storages.items()
    ]
    return [*(text for made in functions.values() for text, _ in made.values()), *loops]


def row_kernel(key: Key) -> Callable[..., Any]:
    """The kernel of a key, which takes a `Row` and rows."""
    record = ALONG_AXIS[key.name]
    kernel, tier = variants(record)[key.variant].kernel, tier_of(key, record)
    return kernel if tier is None else functools.partial(kernel, tier)


@functools.cache
def _scalar_ir(function: "Scalar", arguments: int, kind: str) -> tuple[str, str]:
    """LLVM IR of a function of numbers, and its symbol: many kernels along an axis use the same ones."""
    from .scalar import scalar_ir

    return scalar_ir(bind(*function), kind, arguments)


def elementwise(key: Key) -> Callable[[Any], Any]:
    """The kernel of a key, which gives the value and the derivatives, as a function of one tuple of numbers."""
    from .scalar import bound

    record = ALONG_AXIS[key.name]
    kernel = bound(key, record)

    def vjp_of_two(args: Any) -> Any:
        _, first, second = kernel(args[1:])
        return args[0] * first, args[0] * second

    if key.variant == "vjp" and record.differentiated > 1:
        return vjp_of_two
    return VARIANTS[key.variant].adapt(kernel)


class Arranged:
    """A function along an axis that arranges the operands of the ufunc underneath, `ufunc`."""

    def __init__(self, key: Key) -> None:
        self._key, self._path = key, key.path
        self.__module__ = __name__.partition(".")[0]
        self.ufunc = ufunc(key)
        self.__name__, self.__qualname__, self.__doc__ = key.name, key.path, documentation(key)

    def __repr__(self) -> str:
        return f"<function along an axis {self._path!r}>"

    def __reduce__(self) -> str:
        return self._path


class Parametric(Arranged):
    """Parameters have defaults, and are given by position or by name. `axis`, `out` and the like go to the ufunc."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        record = ALONG_AXIS[key.name]
        self._parameters, self._rules = record.parameters, record.rules
        self._rows = len(self.ufunc.signature.split("->")[0].split(",")) - len(record.parameters)  # type: ignore[union-attr]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the ufunc with all its parameters."""
        rows, given = args[: self._rows], args[self._rows :]
        if len(given) > len(self._parameters):
            raise TypeError(
                f"{self._path}() takes {self._rows + len(self._parameters)} arguments at most: got {len(args)}"
            )
        parameters = dict(zip(self._parameters, given, strict=False))
        for name, default in self._parameters.items():
            if name in parameters and name in kwargs:
                raise TypeError(f"{self._path}() got {name!r} by position and by name")
            parameters.setdefault(name, kwargs.pop(name, default))
        check_rules(self._path, self._rules, parameters)
        values = tuple(parameters.values())
        if kwargs.keys().isdisjoint(("dtype", "signature")):
            values = self._typed(rows, values)
        return self.ufunc(*rows, *values, **kwargs)

    def _typed(self, rows: tuple[Any, ...], parameters: tuple[Any, ...]) -> tuple[Any, ...]:
        """Parameters in the type of the result where rows are integers, beside which NumPy would make it wider."""
        kinds = [getattr(row, "dtype", None) or np.asarray(row).dtype for row in rows]
        if any(not isinstance(kind, np.dtype) or kind.kind not in "biu" for kind in kinds):
            return parameters
        kind = _result_type(self, *kinds).type
        return tuple(kind(p) if type(p) in OF_NO_TYPE else p for p in parameters)


class Halves(Arranged):
    """The halves of an axis are the operands."""

    def __call__(self, *args: Any, axis: int = -1, out: np.ndarray | None = None) -> Any:
        """Call the ufunc with the halves; the halves of its result are put together again."""
        *g, x = _arrays(self, args)
        axis = _axis(self, x, axis)
        length = x.shape[axis]
        if length % 2:
            raise ValueError(f"{self._path}() halves an axis of even length: axis {axis} of x has {length}")
        before = (slice(None),) * axis
        halves = (*before, slice(None, length // 2)), (*before, slice(length // 2, None))
        if self._key.variant == "value":
            return self.ufunc(x[halves[0]], x[halves[1]], out=out)
        out = _room(self, out, x, *g)
        self.ufunc(*g, x[halves[0]], x[halves[1]], out=(out[halves[0]], out[halves[1]]))
        return out


class Pieces(Arranged):
    """An axis is cut into units of as many neighbours as there are pieces."""

    def __call__(self, *args: Any, pieces: int | None = None, axis: int = -1, out: np.ndarray | None = None) -> Any:
        """Call the ufunc along the pieces."""
        if pieces is None and len(args) > self.ufunc.nin:
            args, pieces = args[:-1], args[-1]
        *g, x = _arrays(self, args)
        count = _integer(self, "pieces", pieces)
        axis = _axis(self, x, axis)
        length = x.shape[axis]
        if count < 1 or length % count:
            raise ValueError(
                f"{self._path}() needs pieces >= 1 that divide the axis: got {count} for a length of {length}"
            )
        units = self._units(x, axis, count)
        if self._key.variant == "value":
            return self.ufunc(units, axis=axis + 1, out=out)
        out = _room(self, out, x, *g)
        self.ufunc(*g, units, out=self._units(out, axis, count), axis=axis + 1)
        return out

    @staticmethod
    def _units(x: np.ndarray, axis: int, count: int) -> np.ndarray:
        """A view of x whose axis is two: units, and the pieces of each."""
        shape = *x.shape[:axis], x.shape[axis] // count, count, *x.shape[axis + 1 :]
        strides = *x.strides[:axis], x.strides[axis] * count, x.strides[axis], *x.strides[axis + 1 :]
        return np.lib.stride_tricks.as_strided(x, shape, strides)


class Targets(Arranged):
    """The targets of a loss are integers, the labels of classes, or else probabilities."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self._by_label = ufunc(key._replace(variant=key.variant + BY_LABEL))

    def __call__(self, *args: Any, axis: int = -1, out: np.ndarray | None = None) -> Any:
        """Call the ufunc for targets of their kind."""
        *g, logits, targets = _arrays(self, args)
        if targets.dtype.kind not in "iu":
            return self.ufunc(*g, logits, targets, axis=axis, out=out)
        if targets.shape == logits.shape:
            raise ValueError(
                f"{self._path}() takes integers as labels, one for each row: got {targets.dtype} of the shape of the "
                f"logits, {targets.shape}; probabilities must be floats"
            )
        along = _axis(self, logits, axis)
        classes, rows = logits.shape[along], logits.shape[:along] + logits.shape[along + 1 :]
        if np.broadcast_shapes(rows, targets.shape) not in (rows, targets.shape):
            raise ValueError(
                f"{self._path}() needs labels of shape {rows}, one for each row: got shape {targets.shape}"
            )
        labels = targets.astype(LABEL, copy=False)
        if labels.size and labels.view(np.uint64).max() >= classes:  # without its sign, one below 0 is huge
            wrong = targets[(targets < 0) | (targets >= classes)].flat[0]
            raise ValueError(f"{self._path}() needs labels between 0 and {classes - 1}: got {wrong}")
        return self._by_label(*g, logits, labels, axis=axis, out=out)


def _arrays(function: Arranged, args: tuple[Any, ...]) -> list[Any]:
    """The operands as arrays, but for a number g; as many as the ufunc's inputs, or one less, as halves are one."""
    expected = function.ufunc.nin - (ALONG_AXIS[function._key.name].split == "halves")
    if len(args) != expected:
        raise TypeError(f"{function._path}() takes {expected} arrays: got {len(args)}")
    if any(isinstance(a, np.ma.MaskedArray) for a in args):
        raise TypeError(f"{function._path}() takes no masked arrays: fill in what is masked, or leave it out")
    weak = function._key.variant == "vjp" and type(args[0]) in OF_NO_TYPE  # g, which must not make the result wider
    return [*args[:weak], *map(np.asanyarray, args[weak:])]


def _integer(function: Arranged, name: str, number: Any) -> int:
    try:
        return operator.index(number)
    except TypeError:
        raise TypeError(f"{function._path}() needs an integer as {name}: got {number!r}") from None


def _room(function: Arranged, out: Any, x: np.ndarray, *g: Any) -> Any:
    """An array for a result that has the shape of x: `out`, in a tuple or not, or else a new one."""
    if isinstance(out, tuple) and len(out) == 1:
        (out,) = out
    if out is None:
        return np.empty(x.shape, _result_type(function, *g, x))
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{function._path}() takes an array as out: got {out!r}")
    if out.shape != x.shape:
        raise ValueError(f"{function._path}() has a result of shape {x.shape}: out has {out.shape}")
    return out


def _axis(function: Arranged, x: np.ndarray, axis: int) -> int:
    """The axis, counted from the front."""
    axis = _integer(function, "axis", axis)
    if not -x.ndim <= axis < x.ndim:
        raise np.exceptions.AxisError(axis, x.ndim)
    return axis % x.ndim


def _result_type(function: Arranged, *arrays: Any) -> np.dtype:
    """What the ufunc gives for arrays, numbers or dtypes."""
    kinds = np.result_type(*arrays)
    return next((np.dtype(name) for name in stored(function._key) if np.can_cast(kinds, name)), kinds)


def arguments(key: Key) -> tuple[str, ...]:
    """The names of the arrays that a public function takes."""
    record = ALONG_AXIS[key.name]
    leading = record.uses_exp + (not record.elementwise)  # the tier, and the Row
    names = tuple(inspect.signature(record.kernel).parameters)[leading:]
    found = ("x",) if record.split == "halves" else tuple(name for name in names if name not in record.parameters)
    return ("g", *found) if key.variant == "vjp" else found


def _tier(key: Key, stated: str) -> list[str]:
    """What is said of the errors in another tier than the default, for which they are `stated`."""
    tier = APPROXIMATIONS[key.tier]
    if ALONG_AXIS[key.name].elementwise:
        return [f"{exp_of(tier)} {tier.special}."]
    added = (
        f"{value:.2g} in {kind}, vjp {vjp:.2g}"
        for kind, (value, vjp) in ((kind, tier_errors.along_axis(key.tier, kind)) for kind in tier.bounds)
    )
    return [exp_of(tier), f"It adds a relative error of at most {'; '.join(added)} to that of the default: {stated}."]


def documentation(key: Key) -> str:
    """The docstring of a function along an axis."""
    record = ALONG_AXIS[key.name]
    variant = variants(record)[key.variant]
    result = f"f({'a, b' if record.split == 'halves' else 'x'}) = {record.formula}"
    lines = [result if key.variant == "value" else f"{variant.meaning}, where {result}", "", "Parameters", "----------"]
    lines += ["g : array_like", "    Of the shape of f's result."] if key.variant == "vjp" else []
    lines += [f"{name} : array_like" for name in arguments(key) if name != "g"]
    lines += [f"{name} : array_like, default {default:.9g}" for name, default in record.parameters.items()]
    lines += ["pieces : int", "    How many neighbours make one unit."] if record.split == "pieces" else []
    if record.split or not record.elementwise:
        lines += ["axis : int, default -1", "    The axis along which f works."]
    lines += ["out : ndarray, optional", "    Where the result goes."]
    if not record.split:
        also = "keepdims, " if variant.outputs == ("",) else ""
        lines += [f"{also}axes, casting, dtype, order, signature, subok", "    As for `numpy.ufunc`."]
    lines += ["", "Returns", "-------", "ndarray or scalar"]
    lines += [
        "    float16 (computed in float32), float32 and float64 keep their type; integers promote as in `numpy.exp`.",
        "",
    ]
    if record.rules:
        lines += ["Raises", "------", "ValueError", f"    Unless {', '.join(rule.text for rule in record.rules)}.", ""]
    stated = "; ".join(f"{kind} {bound.value}, vjp {bound.vjp}" for kind, bound in record.bounds.items())
    lines += ["Notes", "-----"]
    lines += [f"Largest error: {stated}."] if key.tier == DEFAULT else _tier(key, stated)
    lines += [record.special]
    lines += [record.note] if record.note else []
    if record.split or not record.elementwise:
        keywords = "out and axis" if record.split or not record.signature.endswith("->()") else "out, axis and keepdims"
        lines += [f"In `@njit` nothing is broadcast, parameters are numbers, and the keywords are {keywords}."]
    return "\n".join(lines)
