"""What a tier has from its `parts` and `growth`, where it knows no shorter way."""

from collections.abc import Callable

from ..arithmetic import lower, two_sum
from ..primitives import NOTHING, Float, raise_exponent

Three = tuple[Float, Float, Float]
Derived = tuple[
    Callable[..., Float],
    Callable[..., Float],
    Callable[..., tuple[Float, Float]],
    Callable[..., Three],
    Callable[..., Three],
]


def derived(parts: Callable[[Float, Float], Three], growth: Callable[[Float, Float], Three]) -> Derived:
    """`half`, `share`, `less_one`, `surplus` and `climb` of a tier."""

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

    return half, share, less_one, surplus, climb
