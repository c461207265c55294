"""Arithmetic with the digits that one float loses."""

from .primitives import Float, fma


def fast_two_sum(a: Float, b: Float) -> tuple[Float, Float]:
    """a + b as its rounded value and what that lacks, exactly, for |a| >= |b|, or a = 0."""
    total = a + b
    return total, b - (total - a)


def two_sum(a: Float, b: Float) -> tuple[Float, Float]:
    """a + b as its rounded value and what that lacks, exactly."""
    total = a + b
    other = total - a
    return total, (a - (total - other)) + (b - other)


def two_product(a: Float, b: Float) -> tuple[Float, Float]:
    """a b as its rounded value and what that lacks, exactly but for underflow."""
    product = a * b
    return product, fma(a, b, -product)
