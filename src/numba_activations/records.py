"""What is promised: the rows of the catalogue and of the table of approximations.

A row stands right below its function, in the same file, and is read by everything else: engine, tests, benchmarks,
documentation, command line. This module imports neither Numba nor any kernel.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any


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
        object.__setattr__(
            self, "parameters", {k: p.default for k, p in signature.items() if p.default is not inspect.Parameter.empty}
        )


@dataclass(frozen=True, slots=True)
class Approximation:
    """One way to compute exp: a tier.

    Attributes
    ----------
    name : str
        The name under `numba_activations.approx`.
    module : module
        Holds `exp`, and `parts`, `growth` and `half`, from which every activation of the tier is built; `exp` alone
        where the tier is there to be compared only.
    method : str
        First line of the docstring of its `exp`.
    bounds : mapping of str to Error
        Stated largest error of exp by the name of the floating-point type.
    interval : mapping of str to (float, float)
        The inputs for which the bound is stated.
    special : str
        What becomes of NaN, infinities, overflow and subnormal results.
    why : str
        When to choose it.
    """

    name: str
    module: ModuleType
    bounds: Mapping[str, Error]
    interval: Mapping[str, tuple[float, float]]
    special: str
    why: str
    method: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", _first_line(self.module.exp))

    def serves(self, record: Activation) -> bool:
        """Whether the tier has an activation: one that uses exp, or exp alone where the tier has no more."""
        return record.uses_exp and (hasattr(self.module, "growth") or record.name == "exp")


def _first_line(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").strip().splitlines()[0]


class Catalogue(Mapping[str, Activation]):
    """The rows by canonical name; an alias finds its row too."""

    def __init__(self) -> None:
        self._rows: dict[str, Activation] = {}
        self._canonical: dict[str, str] = {}

    def enter(self, row: Activation) -> None:
        """Add a row whose name and aliases are all new."""
        for name in (row.name, *row.aliases):
            if name in self._canonical:
                raise ValueError(f"the catalogue has {name!r} already: it is {self._canonical[name]}")
        self._rows[row.name] = row
        self._canonical.update(dict.fromkeys((row.name, *row.aliases), row.name))

    def names(self) -> tuple[str, ...]:
        """All names, aliases too."""
        return tuple(self._canonical)

    def __getitem__(self, name: str) -> Activation:
        return self._rows[self._canonical[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._canonical

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<catalogue of {len(self)} activations>"


ACTIVATIONS = Catalogue()
APPROXIMATIONS: dict[str, Approximation] = {}


def activation(kernel: Callable[..., Any], **row: Any) -> None:
    """Enter a kernel and what is promised of it into the catalogue."""
    ACTIVATIONS.enter(Activation(name=kernel.__name__, kernel=kernel, **row))


def approximation(module: ModuleType, **row: Any) -> None:
    """Enter a module that holds `exp`, `parts`, `growth` and `half` into the table of tiers, under its own name."""
    name = module.__name__.rpartition(".")[2]
    APPROXIMATIONS[name] = Approximation(name=name, module=module, **row)
