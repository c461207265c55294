"""What a tier has from its `exp`, `reduced`, `parts` and `growth`, where it knows no shorter way."""

from collections.abc import Callable

from ..arithmetic import lower, two_sum
from ..primitives import NOTHING, Float, power_of_two, raise_exponent
from .reduction import reduce_from
from .tangent import lack_quotient

Three = tuple[Float, Float, Float]
Derived = tuple[
    Callable[..., Float],
    Callable[..., Float],
    Callable[..., tuple[Float, Float]],
    Callable[..., Three],
    Callable[..., Three],
    Callable[..., Float],
    Callable[..., Float],
]


def derived(
    exp: Callable[[Float], Float],
    reduced: Callable[[Float], Float],
    parts: Callable[[Float, Float], Three],
    growth: Callable[[Float, Float], Three],
) -> Derived:
    """`half`, `share`, `less_one`, `surplus`, `climb`, `gap` and `exp_lifted` of a tier."""

    def share(y: Float, low: Float, a: Float) -> Float:
        """lift a e^-(y + low) / (1 + e^-(y + low)), y >= 0"""
        high, rest, scale = growth(y, low)
        return a * scale / (high + (rest + scale * lower(scale)))

    def half(y: Float, a: Float) -> Float:
        """a e^-y / (1 + e^-y), y >= 0"""
        return share(y, type(y)(NOTHING), a) * lower(y)

    def less_one(x: Float, low: Float, unit: Float) -> tuple[Float, Float]:
        """unit (e^(x + low) - 1) as a sum of two, for unit = 1, or 1/2 where e^x may be too large a number"""
        T = type(x)
        high, rest, shifted = parts(T(-60) if x < T(-60) else x, low)
        power = raise_exponent(unit, shifted)
        total, lost = two_sum(power * high, -unit)
        return total, lost + power * rest

    def surplus(x: Float, low: Float) -> Three:
        """e^(x + low) as (1 + s + rest) 2^n"""
        high, rest, shifted = parts(x, low)
        return high - type(high)(1), rest, shifted

    def climb(y: Float, low: Float) -> Three:
        """e^(y + low) as lift (1 + s + rest) / scale, y >= 0"""
        high, rest, scale = growth(y, low)
        return high - type(high)(1), rest, scale

    def gap(size: Float, near: bool) -> Float:
        """1 - tanh(size), or where `near`, which needs a size below 1, size - tanh(size); size >= 0"""
        T = type(size)
        less, b = lack_quotient(size)
        return (less if near else T(2)) / (b if near else exp(size + size) + T(1))

    def exp_lifted(x: Float, zero: Float) -> Float:
        """2^k e^x, a normal number, where `zero` is k + origin(x)"""
        r, shifted = reduce_from(x, zero)
        return reduced(r) * power_of_two(shifted)

    return half, share, less_one, surplus, climb, gap, exp_lifted
