"""What compiled code asks of an array that is to receive a result: room for it, and memory that no operand shares.

Numba's own loops ask nothing: they would read beyond an operand that is shorter, and read what they have just written.
"""

from collections.abc import Iterable
from typing import Any

from numba import types
from numba.core.errors import TypingError
from numba.extending import overload, register_jitable


def receives_floats(kind: Any) -> bool:
    """Whether a type is that of arrays of floats: numbers written to others would be cut off."""
    return isinstance(kind, types.Array) and isinstance(kind.dtype, types.Float)


def check_type(path: str, out: Any, kinds: Iterable[Any]) -> None:
    """Raise TypingError unless an array of the type may receive what is made of operands of these types."""
    dimensions = max(getattr(kind, "ndim", 0) for kind in kinds)
    if not receives_floats(out) or out.ndim < dimensions:
        raise TypingError(f"{path}() needs an out of floats with at least {dimensions} dimensions: got {out}")


@register_jitable
def _extent(array: Any) -> tuple[int, int]:
    """The address of an array's first byte and of the one behind its last."""
    begin = end = array.ctypes.data
    for k in range(array.ndim):
        reach = (array.shape[k] - 1) * array.strides[k]
        begin, end = begin + min(reach, 0), end + max(reach, 0)
    return begin, end + array.itemsize * (array.size > 0)


@register_jitable
def _check_room(shape: tuple[int, ...], room: tuple[int, ...]) -> None:
    """Raise ValueError unless an operand of a shape can be broadcast to the shape of `out`."""
    for k in range(1, len(shape) + 1):
        if k > len(room) or (shape[-k] != 1 and shape[-k] != room[-k]):
            raise ValueError("out must have the shape of the result: an operand cannot be broadcast to it")


def receives_directly(values: Any, out: Any) -> Any:
    """Whether `out` may be written while `values`, numbers and arrays, are read: each is another memory or is `out`.

    Raises ValueError where the result does not fit.
    """
    raise NotImplementedError


@overload(receives_directly, strict=False)
def _receives_directly_overload(values: Any, out: Any) -> Any:
    if not len(values):
        return lambda values, out: True
    if not isinstance(values[0], types.Array):
        return lambda values, out: receives_directly(values[1:], out)
    comparable = values[0].dtype == out.dtype and values[0].ndim == out.ndim

    def of_array(values: Any, out: Any) -> Any:
        value = values[0]
        _check_room(value.shape, out.shape)
        begin, end = _extent(value)
        out_begin, out_end = _extent(out)
        same = comparable and begin == out_begin and value.shape == out.shape and value.strides == out.strides
        return receives_directly(values[1:], out) and (same or end <= out_begin or out_end <= begin)

    return of_array
