"""What is promised: the rows of the catalogue and of the table of approximations.

A row stands right below its function, in the same file, and is read by everything else: engine, tests, benchmarks,
documentation, command line. This module imports neither Numba nor any kernel.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

HALVES = ("value", "derivative")  # what a kernel gives, and a row states bounds of
EPSILON = {"float32": 2.0**-23, "float64": 2.0**-52}  # from 1 to the next number


@dataclass(frozen=True, slots=True)
class Error:
    """The largest error in ULP, relative or absolute, with its witness: an input where it is reached.

    ULP = |y - f(x)| / 2^(max(e, emin) - p + 1), where f(x) is the real value and e its binary exponent: results below
    the smallest normal number are judged against the spacing of the subnormals.
    """

    size: float
    at: float
    unit: str = "ULP"

    def __str__(self) -> str:
        return f"{self.size:g} ULP" if self.unit == "ULP" else f"{self.size:.2g} {self.unit}"


PARAMETER_ERROR = 4.0  # ULP, of every derivative with respect to a trainable parameter, for many values of it
ROOT_ZONE = 0.05  # so near to a root no error in ULP can be promised


@dataclass(frozen=True, slots=True)
class Bound:
    """The stated errors of an activation in one floating-point type.

    That of the derivative holds but for `ROOT_ZONE` around `Activation.root`, where `near_root` holds instead.
    """

    value: Error
    derivative: Error
    near_root: Error | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """(value, derivative) as x goes to +infinity and to -infinity."""

    plus: tuple[float, float]
    minus: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rule:
    """What parameters must fulfil: `holds` takes those that it names, and gives a bool or an array of bool."""

    text: str
    holds: Callable[..., Any]
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(inspect.signature(self.holds).parameters))

    def broken(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Of parameters, each a number or array_like, the first that break it; empty where none do."""
        given = [parameters[name] for name in self.names]
        try:
            holds = self.holds(*given)
        except TypeError:  # of lists
            holds = self.holds(*map(np.asarray, given))
        if np.all(holds):
            return {}
        holds, *given = np.broadcast_arrays(holds, *given)
        first = np.unravel_index(np.argmin(holds), holds.shape)
        return {name: p[first] for name, p in zip(self.names, given, strict=True)}


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation function: its kernel, and what is known and promised of it.

    Attributes
    ----------
    name : str
        The canonical name.
    kernel : callable
        Gives (value, derivative) of a number, and with a trainable parameter (value, derivative, derivative with
        respect to the parameter); its first argument is the tier `m` where it needs exp.
    exact : callable
        The same function from a namespace `m` and x: with mpmath the truth, with numpy the naive formula.
    formula : str
        First line of the kernel's docstring.
    parameters : mapping of str to float
        Names and defaults, read from the kernel's signature.
    rules : tuple of Rule
        What the parameters must fulfil.
    trainable : str or None
        The parameter that networks train, whose derivative the kernel gives as its third result.
    aliases : tuple of str
        Other names of the same object.
    kinks : tuple of float
        Where the derivative jumps; its value there is a convention, said in `note`.
    root : float or None
        Where the derivative is 0 and loses its digits; `Bound.near_root` says what is left.
    limits : Limits
        Value and derivative at the infinities.
    bounds : mapping of str to Bound
        Stated largest errors by the name of the floating-point type.
    note : str
        What a user must know beyond the formula.
    """

    name: str
    kernel: Callable[..., Any]
    exact: Callable[..., Any]
    limits: Limits
    bounds: Mapping[str, Bound]
    aliases: tuple[str, ...] = ()
    kinks: tuple[float, ...] = ()
    note: str = ""
    rules: tuple[Rule, ...] = ()
    trainable: str | None = None
    root: float | None = None
    formula: str = field(init=False)
    parameters: Mapping[str, float] = field(init=False)
    uses_exp: bool = field(init=False)

    def __post_init__(self) -> None:
        signature = inspect.signature(self.kernel).parameters
        object.__setattr__(self, "formula", _first_line(self.kernel))
        object.__setattr__(self, "uses_exp", "m" in signature)
        object.__setattr__(self, "parameters", _defaults(self.kernel))


SATURATES = "NaN gives NaN; beyond the interval the result stays at the value of its end: never 0, subnormal or inf"


@dataclass(frozen=True, slots=True)
class Approximation:
    """One way to compute exp: a tier.

    Attributes
    ----------
    name : str
        The name under `numba_activations.approx`.
    module : module
        Holds `exp`, and the functions that `kernels/tiers/full.py` has, from which every activation of the tier is
        built; `exp` alone where the tier is there to be compared only.
    method : str
        First line of the docstring of its `exp`.
    bounds : mapping of str to Error
        Stated largest error of exp by the name of the floating-point type.
    interval : mapping of str to (float, float)
        The inputs for which the bound is stated.
    why : str
        When to choose it.
    cost : float
        Time of exp in float32 beside the default's, as measured on an x86-64 processor with AVX-512, arrays in the L2
        cache: what `best_for` goes by. `numba-activations compare` measures it on the machine at hand.
    special : str
        What becomes of NaN, infinities, overflow and subnormal results.
    """

    name: str
    module: ModuleType
    bounds: Mapping[str, Error]
    interval: Mapping[str, tuple[float, float]]
    why: str
    cost: float
    special: str = SATURATES
    method: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", _first_line(self.module.exp))

    def serves(self, record: "Activation | AxisFunction") -> bool:
        """Whether the tier has an activation: one that uses exp, or exp alone where the tier has no more."""
        return record.uses_exp and (self.builds_activations or record.name == "exp")

    @property
    def builds_activations(self) -> bool:
        """Whether there is more to the tier than exp itself, which is there to be compared."""
        return hasattr(self.module, "growth")

    def promise(self, dtype: str) -> tuple[float, float]:
        """The stated error in a type, as a relative error and in ULP: whichever was stated, the other follows.

        An ULP is eps/2 to eps times the number that it belongs to.
        """
        stated, eps = self.bounds[dtype], EPSILON[dtype]
        if stated.unit == "ULP":
            return stated.size * eps, stated.size
        return stated.size, stated.size * 2 / eps


@dataclass(frozen=True, slots=True)
class RowError:
    """The largest error of a function along an axis, with its witness: the rows (and numbers) it is called with.

    It is counted in the spacing of the floats at the exact result or at the row's `scale`, whichever is larger; for a
    vjp at the sum of the magnitudes of the products whose sum it is. A derivative along a row that is subnormal has no
    more digits than that: there it is counted as the smallest normal one.
    """

    size: float
    at: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.size:g} ULP"


@dataclass(frozen=True, slots=True)
class RowBound:
    """The stated errors of a function along an axis and of its vjp, in one floating-point type."""

    value: RowError
    vjp: RowError


@dataclass(frozen=True, slots=True)
class AxisFunction:
    """One function along an axis: its kernels, and what is known and promised of it.

    Attributes
    ----------
    name : str
        The canonical name.
    kernel : callable
        Takes a `numba_activations.kernels.rows.Row`, whole rows and parameters, and gives a row or a number. Where the
        signature has no rows it takes numbers, and gives the value and its derivatives. The tier `m` precedes the other
        arguments of all kernels of a function that needs exp.
    vjp : callable or None
        The same for the vector-Jacobian product; g precedes the other arguments.
    exact : callable
        The same function from a namespace `m` and lists of numbers, in mpmath the truth.
    bounds : mapping of str to RowBound
        Stated largest errors by the name of the floating-point type.
    special : str
        What becomes of infinities, NaN, ties and empty rows.
    signature : str
        Core dimensions of rows and result, without parameters.
    split : str
        How the public function makes its operands: '' as they are given; 'halves' of x; 'pieces' of x, whose number is
        an argument; 'targets' that are labels or probabilities.
    differentiated : int
        How many of the inputs have derivatives, the first ones.
    derivative : callable or None
        Of a loss: the kernel of its derivative.
    labels : mapping of str to callable
        Of a loss whose targets may be labels: the kernels by 'value', 'derivative' and 'vjp' that take a number, the
        index of the label, for the row of targets.
    scale : callable or None
        From `m` and the arguments: what errors are relative to where the result is smaller, as it is a difference.
    vjp_scale : callable or None
        From `m`, g and the other arguments: the same for each number of the vjp, in place of the sum of magnitudes.
    """

    name: str
    kernel: Callable[..., Any]
    exact: Callable[..., Any]
    bounds: Mapping[str, RowBound]
    special: str
    vjp: Callable[..., Any] | None = None
    signature: str = "(n)->(n)"
    aliases: tuple[str, ...] = ()
    note: str = ""
    rules: tuple[Rule, ...] = ()
    split: str = ""
    differentiated: int = 1
    derivative: Callable[..., Any] | None = None
    labels: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    scale: Callable[..., Any] | None = None
    vjp_scale: Callable[..., Any] | None = None
    formula: str = field(init=False)
    parameters: Mapping[str, float] = field(init=False)
    uses_exp: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "formula", _first_line(self.kernel))
        object.__setattr__(self, "uses_exp", "m" in inspect.signature(self.kernel).parameters)
        object.__setattr__(self, "parameters", _defaults(self.kernel))

    @property
    def elementwise(self) -> bool:
        """Whether it takes numbers, not rows."""
        return "n" not in self.signature

    @property
    def has_targets(self) -> bool:
        """Whether it is a loss, whose last array are targets."""
        return "targets" in inspect.signature(self.kernel).parameters


def _defaults(kernel: Callable[..., Any]) -> dict[str, float]:
    signature = inspect.signature(kernel).parameters
    return {k: p.default for k, p in signature.items() if p.default is not inspect.Parameter.empty}


def _first_line(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").strip().splitlines()[0]


Row = TypeVar("Row", "Activation", "AxisFunction")


class Catalogue(Mapping[str, Row]):
    """The rows by canonical name; an alias finds its row too."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._canonical: dict[str, str] = {}

    def enter(self, row: Row) -> None:
        """Add a row whose name and aliases are all new."""
        for name in (row.name, *row.aliases):
            if name in self._canonical:
                raise ValueError(f"the catalogue has {name!r} already: it is {self._canonical[name]}")
        self._rows[row.name] = row
        self._canonical.update(dict.fromkeys((row.name, *row.aliases), row.name))

    def names(self) -> tuple[str, ...]:
        """All names, aliases too."""
        return tuple(self._canonical)

    def __getitem__(self, name: str) -> Row:
        return self._rows[self._canonical[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._canonical

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<catalogue of {len(self)} functions>"


ACTIVATIONS: Catalogue[Activation] = Catalogue()
ALONG_AXIS: Catalogue[AxisFunction] = Catalogue()
APPROXIMATIONS: dict[str, Approximation] = {}


def activation(kernel: Callable[..., Any], **row: Any) -> None:
    """Enter a kernel and what is promised of it into the catalogue."""
    ACTIVATIONS.enter(Activation(name=kernel.__name__, kernel=kernel, **row))


def along_axis(kernel: Callable[..., Any], **row: Any) -> None:
    """Enter a kernel along an axis and what is promised of it into the catalogue."""
    ALONG_AXIS.enter(AxisFunction(name=kernel.__name__, kernel=kernel, **row))


def approximation(module: ModuleType, **row: Any) -> None:
    """Enter a module that holds `exp` and what is made of it into the table of tiers, under its own name."""
    name = module.__name__.rpartition(".")[2]
    APPROXIMATIONS[name] = Approximation(name=name, module=module, **row)
