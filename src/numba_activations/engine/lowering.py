"""Machine instructions for the primitives: what Numba emits where a kernel calls one of them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload, register_jitable

from ..kernels import primitives
from ..kernels.arithmetic import lift
from . import target

# Divisions that vectorise, rounding that a caller's flags cannot touch, and nothing left to call inside a loop.
STRICT = {"error_model": "numpy", "fastmath": False, "forceinline": True}
INNER = {**STRICT, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # of what only compiled code calls
BUILDERS: dict[Callable[..., Any], Callable[..., ir.Value]] = {}  # what emits the instructions of a primitive


@overload(primitives.by_type, jit_options=INNER, strict=False)
def _by_type(x: Any, single: Any, double: Any) -> Any:
    if x == types.float32:
        return lambda x, single, double: single
    if x == types.float64:
        return lambda x, single, double: double
    return None


def _layout(value: ir.Value) -> tuple[ir.IntType, int, int, int]:
    """Integer type of the same width, mantissa bits, exponent bias, bit pattern of `shift`."""
    if value.type == ir.FloatType():
        return ir.IntType(32), 23, 127, 0x4B400000
    return ir.IntType(64), 52, 1023, 0x4338000000000000


def _fma(builder: ir.IRBuilder, x: ir.Value, y: ir.Value, z: ir.Value) -> ir.Value:
    return builder.fma(x, y, z)


def _copysign(builder: ir.IRBuilder, x: ir.Value, y: ir.Value) -> ir.Value:
    kind = ir.FunctionType(x.type, [x.type, x.type])
    return builder.call(builder.module.declare_intrinsic("llvm.copysign", [x.type], kind), [x, y])


def _ldexp(builder: ir.IRBuilder, x: ir.Value, shifted: ir.Value) -> ir.Value:
    integer, digits, bias, zero = _layout(x)
    n = builder.sub(builder.bitcast(shifted, integer), integer(zero))
    if target.has("avx512dq"):  # two instructions there; elsewhere LLVM would make a call a number of it
        kind = ir.FunctionType(x.type, [x.type, integer])
        return builder.call(builder.module.declare_intrinsic("llvm.ldexp", [x.type, integer], kind), [x, n])
    half = builder.ashr(n, integer(1))
    for part in (half, builder.sub(n, half)):  # each 2^part is a normal number, and only the second product rounds
        power = builder.shl(builder.add(part, integer(bias)), integer(digits))
        x = builder.fmul(x, builder.bitcast(power, x.type))
    return x


def _lowered(builder: ir.IRBuilder, x: ir.Value, shifted: ir.Value) -> ir.Value:
    if target.has("avx512dq"):
        return _ldexp(builder, x, shifted)
    high = float(lift(np.float32(1) if x.type == ir.FloatType() else np.float64(1)))
    power = _add_exponent("add")(builder, x.type(high), shifted)
    return builder.fmul(builder.fmul(x, power), x.type(1 / high))  # only the second product rounds


def _add_exponent(operation: str) -> Callable[[ir.IRBuilder, ir.Value, ir.Value], ir.Value]:
    def build(builder: ir.IRBuilder, x: ir.Value, shifted: ir.Value) -> ir.Value:
        integer, digits, _, _ = _layout(x)
        n = builder.shl(builder.bitcast(shifted, integer), integer(digits))
        return builder.bitcast(getattr(builder, operation)(builder.bitcast(x, integer), n), x.type)

    return build


def _raise_normal(builder: ir.IRBuilder, x: ir.Value, shifted: ir.Value) -> ir.Value:
    if target.has("avx512dq"):
        return _ldexp(builder, x, shifted)
    integer, digits, bias, zero = _layout(x)
    if integer.width == 32:  # NaN as an integer is 0 or -2^31, and shifted it is 0 and leaves NaN as it is
        n = builder.fsub(shifted, builder.bitcast(integer(zero), x.type))
        moved = builder.shl(builder.fptosi(n, integer), integer(digits))
        return builder.bitcast(builder.add(builder.bitcast(x, integer), moved), x.type)
    biased = builder.fadd(shifted, x.type(float(bias)))
    power = builder.shl(builder.bitcast(biased, integer), integer(digits))
    return builder.fmul(x, builder.bitcast(power, x.type))  # AVX2 has no conversion to 64-bit integers


def _nearest_exponent(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    integer, digits, _, zero = _layout(x)
    below = builder.sub(builder.bitcast(x, integer), builder.bitcast(x.type(math.sqrt(0.5)), integer))
    return builder.bitcast(builder.add(builder.ashr(below, integer(digits)), integer(zero)), x.type)


def _from_pattern(builder: ir.IRBuilder, pattern: ir.Value) -> ir.Value:
    integer, *_ = _layout(pattern)
    number = builder.bitcast(builder.fptosi(pattern, integer), pattern.type)
    return builder.fma(pattern, pattern.type(0.0), number)  # NaN has no integer, and is NaN again


def _even(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    integer, *_ = _layout(x)
    return builder.bitcast(builder.and_(builder.bitcast(x, integer), integer(-2)), x.type)


def _inverse(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """The quotient. With AVX-512, where a division takes up to 16 cycles and these instructions 7, the same without it.

    The first y comes from a subtraction of patterns. Where x = 1 + m, it is (2 - m - c) / 2 while that is above 1/2,
    and then (3 - m - c) / 4, so that x y lies between 1 - c/2 and (3 - c)^2 / 8, 1 to 5.1 %. Each step brings 1 - x y
    to its third or second power. Before the last, y is one of the two floats about 1 / x, and 1 - x y is exact. That
    step could round to the wrong one only where 1 / x is about half way between them: there 1 - x y is below 2^-p, p
    the digits of a float, and less than 2^-2p is missing. But x, which is even, times the number half way is a multiple
    of 2^(1-2p), and not 1.
    """
    one = x.type(1.0)
    if not target.has("avx512f"):
        return builder.fdiv(one, x)
    integer, digits, bias, _ = _layout(x)
    c = 5.0 - math.sqrt(24.0)
    estimate = integer((2 * bias << digits) - round(c * 2**digits))
    y = builder.bitcast(builder.sub(estimate, builder.bitcast(x, integer)), x.type)
    minus = builder.fneg(x)
    for order in (3, 2, 2) if integer.width == 32 else (3, 3, 2, 2):
        rest = builder.fma(minus, y, one)
        y = builder.fma(y, builder.fma(rest, rest, rest) if order == 3 else rest, y)
    return builder.select(builder.fcmp_ordered("==", x, x.type(math.inf)), x.type(0.0), y)


def _libm(name: str) -> Callable[[ir.IRBuilder, ir.Value], ir.Value]:
    def build(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
        symbol = name + ("f" if x.type == ir.FloatType() else "")
        function = builder.module.globals.get(symbol)
        function = function or ir.Function(builder.module, ir.FunctionType(x.type, [x.type]), symbol)
        return builder.call(function, [x])

    return build


def _lower(primitive: Callable[..., Any], arity: int, build: Callable[..., ir.Value]) -> None:
    """Register `build` as the code of a primitive whose arguments and result all have one type."""
    BUILDERS[primitive] = build

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        return build(builder, *args)

    if arity == 1:

        @intrinsic
        def unary(typing_context: Any, x: Any) -> Any:
            return x(x), codegen

        overload(primitive, jit_options=INNER, strict=False)(lambda x: lambda x: unary(x))
    elif arity == 2:

        @intrinsic
        def binary(typing_context: Any, x: Any, y: Any) -> Any:
            return x(x, y), codegen

        overload(primitive, jit_options=INNER, strict=False)(lambda x, y: lambda x, y: binary(x, y))
    else:

        @intrinsic
        def ternary(typing_context: Any, x: Any, y: Any, z: Any) -> Any:
            return x(x, y, z), codegen

        overload(primitive, jit_options=INNER, strict=False)(lambda x, y, z: lambda x, y, z: ternary(x, y, z))


_lower(primitives.fma, 3, _fma)
_lower(primitives.copysign, 2, _copysign)
_lower(primitives.ldexp, 2, _ldexp)
_lower(primitives.lowered, 2, _lowered)
_lower(primitives.raise_exponent, 2, _add_exponent("add"))
_lower(primitives.raise_normal, 2, _raise_normal)
_lower(primitives.lower_exponent, 2, _add_exponent("sub"))
_lower(primitives.nearest_exponent, 1, _nearest_exponent)
_lower(primitives.from_pattern, 1, _from_pattern)
_lower(primitives.even, 1, _even)
_lower(primitives.inverse, 1, _inverse)
_lower(primitives.libm_exp, 1, _libm("exp"))
_lower(primitives.libm_expm1, 1, _libm("expm1"))
register_jitable(**INNER)(primitives.shift)
register_jitable(**INNER)(primitives.origin)
register_jitable(**INNER)(primitives.power_of_two)
