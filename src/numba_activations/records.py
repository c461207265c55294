"""What is promised: the rows of the catalogue and of the table of approximations.

A row stands right below its function, in the same file, and is read by everything else: engine, tests, benchmarks,
documentation, command line. This module imports neither Numba nor any kernel.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any


@dataclass(frozen=True, slots=True)
class Error:
    """The largest error, in ULP or relative to the exact value, with its witness: an input where it is (nearly) reached.

    ULP = |y - f(x)| / 2^(max(e, emin) - p + 1), where f(x) is the real value and e its binary exponent: results below
    the smallest normal number are judged against the spacing of the subnormals.
    """

    size: float
    at: float
    unit: str = "ULP"

    def __str__(self) -> str:
        return f"{self.size:g} ULP" if self.unit == "ULP" else f"{self.size:.2g} relative"


@dataclass(frozen=True, slots=True)
class Bound:
    """The stated errors of an activation in one floating-point type."""

    value: Error
    derivative: Error


@dataclass(frozen=True, slots=True)
class Limits:
    """(value, derivative) as x goes to +infinity and to -infinity."""

    plus: tuple[float, float]
    minus: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Activation:
    """One activation function: its kernel, and what is known and promised of it.

    Attributes
    ----------
    name : str
        The canonical name.
    kernel : callable
        Gives the pair (value, derivative) from a number; its first argument is the tier `m` where it needs exp.
    exact : callable
        The same function from a namespace `m` and x: with mpmath the truth, with numpy the naive formula.
    formula : str
        First line of the kernel's docstring.
    parameters : mapping of str to float
        Names and defaults, read from the kernel's signature.
    aliases : tuple of str
        Other names of the same object.
    kinks : tuple of float
        Where the derivative jumps; its value there is a convention, said in `note`.
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
        Holds `exp` and `growth`, from which every activation of the tier is built.
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


def _first_line(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").strip().splitlines()[0]


ACTIVATIONS: dict[str, Activation] = {}
APPROXIMATIONS: dict[str, Approximation] = {}


def activation(kernel: Callable[..., Any], **row: Any) -> None:
    """Enter a kernel and what is promised of it into the catalogue."""
    record = Activation(name=kernel.__name__, kernel=kernel, **row)
    for name in (record.name, *record.aliases):
        if name in ACTIVATIONS or any(name in other.aliases for other in ACTIVATIONS.values()):
            raise ValueError(f"the catalogue has {name!r} already")
    ACTIVATIONS[record.name] = record


def approximation(module: ModuleType, **row: Any) -> None:
    """Enter a module that holds `exp` and `growth` into the table of tiers, under the module's own name."""
    name = module.__name__.rpartition(".")[2]
    APPROXIMATIONS[name] = Approximation(name=name, module=module, **row)
