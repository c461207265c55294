"""The functions along an axis inside compiled code: importing this module makes every one of them callable there.

Each is registered with Numba as an overload that arranges its operands around the inner loop of its ufunc. The loop is
linked to the caller as LLVM IR: it has the bits that it has outside, and the caller can be cached, which a process
that has no such function yet may load. Operands have the shapes that the formula asks for: nothing is broadcast.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.core.registry import cpu_target
from numba.core.typing.templates import infer_global
from numba.cpython.unsafe.tuple import tuple_setitem
from numba.extending import intrinsic, overload, register_jitable

from ..records import ALONG_AXIS
from . import along_axis
from .keys import Key
from .loops import I64, POINTER, VOID
from .lowering import INNER
from .njit import register, spread

Function = Callable[..., Any]
_registered: set[Key] = set()

# From a function for each item of a tuple to one of the tuple: Numba cannot loop over items of several types.
_TOGETHER: tuple[Callable[..., Function], ...] = (
    lambda f: lambda t, whole, part: (f(t[0], whole, part),),
    lambda f, g: lambda t, whole, part: (f(t[0], whole, part), g(t[1], whole, part)),
    lambda f, g, h: lambda t, whole, part: (f(t[0], whole, part), g(t[1], whole, part), h(t[2], whole, part)),
)


@functools.cache
def _library(key: Key, dtype: str) -> Any:
    """The inner loop of a key for a dtype as Numba links it."""
    symbol = _symbol(key, dtype)
    module = llvm.parse_assembly("")
    for text in along_axis.texts(key, {dtype: symbol}):
        module.link_in(llvm.parse_assembly(text))
    for value in [*module.functions, *module.global_variables]:
        if not value.is_declaration and value.name != symbol:
            value.linkage = "internal"
    library = cpu_target.target_context.codegen().create_library(symbol)
    library.add_llvm_module(module)
    library.finalize()
    return library


def _symbol(key: Key, dtype: str) -> str:
    return f"numba_activations.{key.path}.{dtype}"


def _emit_call(
    context: Any,
    builder: ir.IRBuilder,
    loop: tuple[Key, str],
    pointers: list[ir.Value],
    dimensions: list[ir.Value],
    steps: list[ir.Value],
) -> Any:
    """Call an inner loop as NumPy does."""
    context.active_code_library.add_linking_library(_library(*loop))
    kind = ir.FunctionType(VOID, [POINTER.as_pointer(), I64.as_pointer(), I64.as_pointer(), POINTER])
    function = cgutils.get_or_insert_function(builder.module, kind, _symbol(*loop))
    packed = []
    for content in (pointers, dimensions, steps):
        place = cgutils.alloca_once(builder, ir.ArrayType(content[0].type, len(content)))
        builder.store(cgutils.pack_array(builder, content), place)
        packed.append(cgutils.gep_inbounds(builder, place, 0, 0))
    builder.call(function, [*packed, POINTER(None)])
    return context.get_dummy_value()


def _pointers(context: Any, builder: ir.IRBuilder, arrays: Any, values: ir.Value) -> list[ir.Value]:
    """Where the arrays of a tuple begin."""
    parts = (builder.extract_value(values, place) for place in range(len(arrays)))
    made = (context.make_array(kind)(context, builder, part) for kind, part in zip(arrays, parts, strict=True))
    return [builder.bitcast(array.data, POINTER) for array in made]


@functools.cache
def _row_call(key: Key, dtype: str) -> Function:
    """``call(arrays, block, rows, length, between, within)``: the function of a key for the rows of one block.

    The arrays are contiguous; the steps `between` rows and `within` one count items. A parameter has one item.
    """
    record = ALONG_AXIS[key.name]
    variant = along_axis.variants(record)[key.variant]
    cores, sizes = variant.inputs + variant.outputs, [kind.itemsize for kind in variant.dtypes(dtype)]
    parameters = range(len(variant.inputs) - len(record.parameters), len(variant.inputs))

    @intrinsic
    def call(typing_context: Any, arrays: Any, block: Any, rows: Any, length: Any, between: Any, within: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            packed, *numbers = values
            block, rows, length, between, within = numbers
            begin, outer, inner = [], [], []
            pointers = _pointers(context, builder, arrays, packed)
            for place, (pointer, size) in enumerate(zip(pointers, sizes, strict=True)):
                items = builder.mul(length, within) if cores[place] else within
                offset = I64(0) if place in parameters else builder.mul(block, items)
                begin.append(builder.gep(pointer, [builder.mul(offset, I64(size))]))
                if cores[place]:
                    outer.append(builder.mul(between, I64(size)))
                    inner.append(builder.mul(within, I64(size)))
                else:
                    outer.append(I64(0 if place in parameters else size))
            return _emit_call(context, builder, (key, dtype), begin, [rows, length], outer + inner)

        return types.void(arrays, *[types.intp] * 5), codegen

    made: Function = call
    return made


@functools.cache
def _half_call(key: Key, dtype: str) -> Function:
    """``call(arrays, block, run)``: the function of a key for a block of halves of `run` items, each contiguous."""
    size = np.dtype(dtype).itemsize
    # of each operand: the array, how many runs of it make a block, and which of them it is
    value = (0, 2, 0), (0, 2, 1), (1, 1, 0)
    vjp = (0, 1, 0), (1, 2, 0), (1, 2, 1), (2, 2, 0), (2, 2, 1)
    operands = value if key.variant == "value" else vjp

    @intrinsic
    def call(typing_context: Any, arrays: Any, block: Any, run: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
            packed, block, run = values
            pointers = _pointers(context, builder, arrays, packed)
            begin = []
            for place, runs, which in operands:
                offset = builder.mul(run, builder.add(builder.mul(block, I64(runs)), I64(which)))
                begin.append(builder.gep(pointers[place], [builder.mul(offset, I64(size))]))
            return _emit_call(context, builder, (key, dtype), begin, [run], [I64(size)] * len(begin))

        return types.void(arrays, types.intp, types.intp), codegen

    made: Function = call
    return made


def _arranged(value: Any, shape: Any, scalar: Any) -> Any:
    """A contiguous array of a type from an array or a number that has the shape."""
    raise NotImplementedError


@overload(_arranged, strict=False)
def _arranged_overload(value: Any, shape: Any, scalar: Any) -> Any:
    if not isinstance(value, types.Array):
        return (lambda value, shape, scalar: np.full(1, value, scalar)) if len(shape) == 0 else None
    same = value.dtype == scalar.instance_type

    def arranged(value: Any, shape: Any, scalar: Any) -> Any:
        if value.shape != shape:
            raise ValueError("an operand has another shape than the formula asks for")
        return np.ascontiguousarray(value if same else value.astype(scalar))

    return arranged if value.ndim == len(shape) else None


def _given(value: Any) -> Any:
    """An argument, which may have been left to its default."""
    raise NotImplementedError


@overload(_given, strict=False)
def _given_overload(value: Any) -> Any:
    default = getattr(value, "value", None)
    return (lambda value: default) if isinstance(value, types.Omitted) else (lambda value: value)


def _without(shape: Any, axis: Any) -> Any:
    """A shape without an axis."""
    raise NotImplementedError


@overload(_without, strict=False)
def _without_overload(shape: Any, axis: Any) -> Any:
    if shape.count == 1:
        return lambda shape, axis: ()

    def without(shape: Any, axis: Any) -> Any:
        rest = shape[1:]
        for k in range(len(rest)):
            rest = tuple_setitem(rest, k, shape[k + (k >= axis)])
        return rest

    return without


def _returned(array: Any, out: Any) -> Any:
    """The result, in `out` where there is one; a number where it has no dimensions."""
    raise NotImplementedError


@overload(_returned, strict=False)
def _returned_overload(array: Any, out: Any) -> Any:
    if isinstance(out, types.Array):

        def into(array: Any, out: Any) -> Any:
            if out.shape != array.shape:
                raise ValueError("out must have the shape of the result")
            out[...] = array
            return out

        return into
    return (lambda array, out: array[()]) if array.ndim == 0 else (lambda array, out: array)


@register_jitable
def _counted_from_front(axis: int, dimensions: int) -> int:
    if axis < -dimensions or axis >= dimensions:
        raise ValueError("axis must be one of the array's")
    return axis % dimensions


@register_jitable
def _around(shape: Any, axis: int) -> tuple[int, int]:
    """How many items there are before an axis and after it."""
    before = after = 1
    for k in range(len(shape)):
        if k < axis:
            before *= shape[k]
        elif k > axis:
            after *= shape[k]
    return before, after


def _walk(key: Key, dtype: str) -> Function:
    """``walk(arrays, before, length, after, unit)``: the function of a key along the middle axis of three.

    Where the axis is cut, into pieces or halves, a piece is a row of `unit` items.
    """
    split = ALONG_AXIS[key.name].split
    call = (_half_call if split == "halves" else _row_call)(key, dtype)

    def rows(arrays: Any, before: int, length: int, after: int, unit: int) -> None:
        if after == 1:
            call(arrays, 0, before, length, length, 1)
        else:
            for block in range(before):
                call(arrays, block, after, length, 1, after)

    along = register_jitable(rows)

    def pieces(arrays: Any, before: int, length: int, after: int, unit: int) -> None:
        along(arrays, before * (length // unit), unit, after, unit)

    def halves(arrays: Any, before: int, length: int, after: int, unit: int) -> None:
        for block in range(before):
            call(arrays, block, length // 2 * after)

    walk: Function = register_jitable({"halves": halves, "pieces": pieces}.get(split, rows))
    return walk


def _value_shape(key: Key) -> Function:
    """``shape(x, axis, unit)``: the shape of the value of a function along an axis for an x of a shape."""
    record = ALONG_AXIS[key.name]

    def shortened(shape: Any, axis: int, unit: int) -> Any:
        if unit < 1 or shape[axis] % unit:
            raise ValueError("the axis must be as long as a multiple of the number of pieces, or of 2 for halves")
        return tuple_setitem(shape, axis, shape[axis] // unit)

    def without(shape: Any, axis: int, unit: int) -> Any:
        return _without(shape, axis)

    def unchanged(shape: Any, axis: int, unit: int) -> Any:
        return shape

    if record.split in ("halves", "pieces"):
        chosen = shortened
    else:
        chosen = without if record.signature.endswith("->()") else unchanged
    made: Function = register_jitable(chosen)
    return made


class _Operands(NamedTuple):
    """What a function takes in compiled code: whether operands and result have the shape of x or that of the value."""

    whole: tuple[bool, ...]
    result_whole: bool
    labelled: bool

    @classmethod
    def of(cls, key: Key) -> "_Operands":
        record = ALONG_AXIS[key.name]
        variant = along_axis.variants(record)[key.variant]
        if record.split == "halves":
            return cls((True,), False, False) if key.variant == "value" else cls((False, True), True, False)
        rows = variant.inputs[: len(variant.inputs) - len(record.parameters)]
        return cls(tuple(core != "" for core in rows), variant.outputs[0] != "", variant.labelled)


def _body(key: Key, dtype: str) -> Function:
    """The function of a key as Numba compiles it, from one tuple: operands, parameters or pieces, out and axis."""
    record, scalar = ALONG_AXIS[key.name], np.dtype(dtype).type
    whole, result_whole, labelled = _Operands.of(key)
    operands, place_of_x, walk, value_shape = len(whole), whole.index(True), _walk(key, dtype), _value_shape(key)
    used = operands + len(record.parameters)
    place_of_out = used + (record.split == "pieces")
    place_of_axis = place_of_out + 1

    def of_whole(value: Any, whole: Any, part: Any) -> Any:
        return _arranged(value, whole, scalar)

    def of_part(value: Any, whole: Any, part: Any) -> Any:
        return _arranged(value, part, scalar)

    def label(value: Any, whole: Any, part: Any) -> Any:
        return _arranged(value, part, np.int64)

    def parameter(value: Any, whole: Any, part: Any) -> Any:
        return np.full(1, _given(value), scalar)

    functions = [of_whole if is_whole else of_part for is_whole in whole]
    functions = [*functions[: operands - labelled], *[label] * labelled, *[parameter] * len(record.parameters)]
    arranged = register_jitable(_TOGETHER[used - 1](*map(register_jitable, functions)))
    units = {"halves": lambda args: 2, "pieces": lambda args: args[operands]}
    unit_of = register_jitable(units.get(record.split, lambda args: 1))
    choose_shape = register_jitable((lambda whole, part: whole) if result_whole else (lambda whole, part: part))

    @register_jitable
    def body(args: Any) -> Any:
        shape, unit = args[place_of_x].shape, unit_of(args)
        axis = _counted_from_front(_given(args[place_of_axis]), len(shape))
        before, after = _around(shape, axis)
        part = value_shape(shape, axis, unit)
        result = np.empty(choose_shape(shape, part), scalar)
        walk((*arranged(args[:used], shape, part), result), before, shape[axis], after, unit)
        return _returned(result, args[place_of_out])

    made: Function = body
    return made


def _labelled(key: Key, dtype: str) -> Function:
    """The same for targets that are labels."""
    body = _body(key._replace(variant=key.variant + along_axis.BY_LABEL), dtype)
    operands = len(_Operands.of(key).whole)
    place_of_logits, place_of_labels, place_of_axis = operands - 2, operands - 1, operands + 1

    @register_jitable
    def labelled(args: Any) -> Any:
        shape = args[place_of_logits].shape
        classes = shape[_counted_from_front(_given(args[place_of_axis]), len(shape))]
        for label in np.asarray(args[place_of_labels]).flat:
            if label < 0 or label >= classes:
                raise ValueError("a label must be at least 0 and less than the number of classes")
        return body(args)

    made: Function = labelled
    return made


def _is_number(kind: Any) -> bool:
    return kind in (types.float32, types.float64) or isinstance(kind, types.Integer | types.Boolean)


def _register(function: Any, key: Key) -> None:
    """Make one function callable in compiled code, once: Numba refuses a second name for a ufunc."""
    if key in _registered:
        return
    _registered.add(key)
    record, arguments = ALONG_AXIS[key.name], along_axis.arguments(key)
    if record.elementwise and not record.split:
        kernel = register_jitable(**INNER)(along_axis.elementwise(key))
        register(function, arguments, (), kernel, (kernel,), len(arguments))
        return
    operands = len(arguments)
    pieces = ("pieces",) if record.split == "pieces" else ()
    signature = (*arguments, *record.parameters, *pieces, "out", "axis"), (*record.parameters.values(), None, -1)

    def choose(given: tuple[Any, ...]) -> Function:
        arrays, numbers, (out, axis) = given[:operands], given[operands:-2], given[-2:]
        dtypes = [getattr(kind, "dtype", kind) for kind in arrays]
        if not (
            all(map(_is_number, dtypes))
            and any(isinstance(kind, types.Array) for kind in arrays)
            and all(_is_number(kind) or isinstance(kind, float | types.Omitted) for kind in numbers)
            and (out is None or isinstance(out, types.Array | types.Omitted | types.NoneType))
            and isinstance(axis, int | types.Integer | types.Omitted)
        ):
            raise TypingError(
                f"{key.path}() in compiled code takes arrays of float32, float64 or integers, a number for each "
                f"parameter, an array as out and an integer as axis: got {', '.join(map(str, given))}"
            )
        labels = record.split == "targets" and isinstance(dtypes[-1], types.Integer)
        of_arrays = [
            dtype
            for kind, dtype in zip(arrays, dtypes[: operands - labels], strict=False)
            if isinstance(kind, types.Array)
        ]
        dtype = "float32" if all(dtype == types.float32 for dtype in of_arrays) else "float64"
        return spread((_labelled if labels else _body)(key, dtype), *signature)

    # Numba would take a call of a ufunc for one that works number by number, and write it into a loop of its own: it
    # is to know the ufunc by another name.
    def stand_in(*args: Any) -> Any:
        raise NotImplementedError

    stand_in.__name__ = key.path
    overload(stand_in, strict=False)(spread(choose, *signature))
    cpu_target.typing_context.refresh()
    infer_global(function, cpu_target.typing_context.resolve_value_type(stand_in))
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


for _key, _function in along_axis.functions().items():
    _register(_function, _key)
along_axis.on_new_function.append(_register)
