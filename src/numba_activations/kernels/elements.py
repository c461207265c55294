"""Small scalar functions that kernels along an axis map over rows."""

from .primitives import Float


def negative(x: Float) -> Float:
    """-x"""
    return -x


def difference(x: Float, y: Float) -> Float:
    """x - y"""
    return x - y


def product(x: Float, y: Float) -> Float:
    """x y"""
    return x * y


def square(x: Float) -> Float:
    """x^2"""
    return x * x


def ratio(x: Float, y: Float) -> Float:
    """x / y"""
    return x / y


def magnitude(x: Float) -> Float:
    """|x|"""
    return abs(x)


def equal(x: Float, y: Float) -> Float:
    """1 where x = y, else 0"""
    T = type(x)
    return T(1) if x == y else T(0)


def unequal(x: Float, y: Float) -> Float:
    """1 where x is not y, else 0"""
    T = type(x)
    return T(0) if x == y else T(1)


def where_equal(g: Float, x: Float, y: Float) -> Float:
    """g where x = y, else 0"""
    return g if x == y else type(g)(0)


def where_not_equal(g: Float, x: Float, y: Float) -> Float:
    """g where x is not y, else 0"""
    return type(g)(0) if x == y else g
