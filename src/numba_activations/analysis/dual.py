"""Derivatives of the exact formulas, by dual numbers: a + b d with d*d = 0.

A row states the exact function once, `exact(m, x)`. Evaluated at the dual number x + d in a namespace that knows the
derivatives of its functions, the same formula gives its own derivative, without a step width and without our algebra.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["DualNamespace", "differentiate"]

Number = Any

_RULES: dict[str, Callable[[Any, Number], Number]] = {
    "exp": lambda m, u: m.exp(u),
    "expm1": lambda m, u: m.exp(u),
    "log": lambda _, u: 1 / u,
    "log1p": lambda _, u: 1 / (1 + u),
    "sqrt": lambda m, u: 1 / (2 * m.sqrt(u)),
    "tanh": lambda m, u: 1 / m.cosh(u) ** 2,
    "sinh": lambda m, u: m.cosh(u),
    "cosh": lambda m, u: m.sinh(u),
    "erf": lambda m, u: 2 / m.sqrt(m.pi) * m.exp(-u * u),
    "erfc": lambda m, u: -2 / m.sqrt(m.pi) * m.exp(-u * u),
}


@dataclass(frozen=True, slots=True, eq=False)
class Dual:
    """A value and its slope. It compares as its value does, so that a formula takes the branch of the value."""

    value: Number
    slope: Number

    def __add__(self, other: Number) -> "Dual":
        other = _dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other: Number) -> "Dual":
        other = _dual(other)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def __truediv__(self, other: Number) -> "Dual":
        other = _dual(other)
        quotient = self.value / other.value
        return Dual(quotient, (self.slope - quotient * other.slope) / other.value)

    def __pow__(self, exponent: int) -> "Dual":
        return Dual(self.value**exponent, exponent * self.value ** (exponent - 1) * self.slope)

    def __neg__(self) -> "Dual":
        return Dual(-self.value, -self.slope)

    def __abs__(self) -> "Dual":
        sign = 1 - 2 * (self < 0)
        return Dual(self.value * sign, self.slope * sign)

    def __sub__(self, other: Number) -> "Dual":
        return self + (-_dual(other))

    def __rsub__(self, other: Number) -> "Dual":
        return _dual(other) + (-self)

    def __rtruediv__(self, other: Number) -> "Dual":
        return _dual(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __eq__(self, other: object) -> Any:  # an array of bool for an array
        return self.value == _value(other)

    def __lt__(self, other: Number) -> Any:
        return self.value < _value(other)

    def __le__(self, other: Number) -> Any:
        return self.value <= _value(other)

    def __gt__(self, other: Number) -> Any:
        return self.value > _value(other)

    def __ge__(self, other: Number) -> Any:
        return self.value >= _value(other)


def _dual(x: Number) -> Dual:
    return x if isinstance(x, Dual) else Dual(x, 0)


def _value(x: Number) -> Number:
    return x.value if isinstance(x, Dual) else x


class DualNamespace:
    """The functions and constants of a namespace, for dual numbers."""

    def __init__(self, namespace: Any) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Any:
        plain = getattr(self._namespace, name)
        if name not in _RULES:
            return plain

        def function(x: Number) -> Number:
            if not isinstance(x, Dual):
                return plain(x)
            return Dual(plain(x.value), _RULES[name](self._namespace, x.value) * x.slope)

        return function


def differentiate(exact: Callable[..., Number], namespace: Any) -> Callable[..., Number]:
    """The derivative of ``exact(m, x, ...)`` with respect to x, as a function of the same arguments but `m`."""
    m = DualNamespace(namespace)

    def derivative(x: Number, **parameters: Number) -> Number:
        return _dual(exact(m, Dual(x, 1), **parameters)).slope

    return derivative
