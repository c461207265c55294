"""What is made of a kernel: its value, its derivative, both in one pass, or the derivative times a given factor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..records import Activation, Approximation

Adapter = Callable[[Any], Any]


def _value(kernel: Adapter) -> Adapter:
    def value(args: Any) -> Any:
        return kernel(args)[0]

    return value


def _derivative(kernel: Adapter) -> Adapter:
    def derivative(args: Any) -> Any:
        return kernel(args)[1]

    return derivative


def _both(kernel: Adapter) -> Adapter:
    return kernel


def _vjp(kernel: Adapter) -> Adapter:
    def vjp(args: Any) -> Any:
        return args[0] * kernel(args[1:])[1]

    return vjp


@dataclass(frozen=True, slots=True)
class Variant:
    """One use of a kernel: how many arguments precede its own, how many results there are, how it is adapted."""

    name: str
    leading: int
    outputs: int
    adapt: Callable[[Adapter], Adapter]
    signature: str
    meaning: str


VARIANTS = {
    v.name: v
    for v in (
        Variant("value", 0, 1, _value, "x", "f(x)"),
        Variant("derivative", 0, 1, _derivative, "x", "f'(x)"),
        Variant("value_and_derivative", 0, 2, _both, "x", "(f(x), f'(x)) in one pass"),
        Variant("vjp", 1, 1, _vjp, "g, x", "g * f'(x), the vector-Jacobian product, in one pass"),
    )
}


def bind(record: Activation, tier: Approximation) -> Adapter:
    """The record's kernel as a function of one tuple of numbers, with its exp taken from the tier."""
    kernel, m = record.kernel, tier.module
    if record.uses_exp:

        def with_exp(args: Any) -> Any:
            return kernel(m, *args)

        return with_exp

    def without_exp(args: Any) -> Any:
        return kernel(*args)

    return without_exp
