"""The functions along an axis inside compiled code: importing this module makes every one of them callable there.

Each is registered with Numba as an intrinsic that arranges its operands around the inner loop of its ufunc. The loop is
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
from .loops import I64, LOOP, POINTER
from .lowering import INNER
from .njit import register, spread
from .njit_out import receives_floats

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
) -> None:
    """Call an inner loop as NumPy does."""
    context.active_code_library.add_linking_library(_library(*loop))
    function = cgutils.get_or_insert_function(builder.module, LOOP, _symbol(*loop))
    packed = []
    for content in (pointers, dimensions, steps):
        place = cgutils.alloca_once(builder, ir.ArrayType(content[0].type, len(content)))
        builder.store(cgutils.pack_array(builder, content), place)
        packed.append(cgutils.gep_inbounds(builder, place, 0, 0))
    builder.call(function, [*packed, POINTER(None)])


def _emit_rows(
    context: Any, b: ir.IRBuilder, loop: tuple[Key, str], pointers: list[ir.Value], walk: list[ir.Value]
) -> None:
    """Call the function of a key along the middle axis of three; where that is cut, a piece is a row of its own.

    The arrays are contiguous. A parameter has one item.
    """
    key, dtype = loop
    record = ALONG_AXIS[key.name]
    variant = along_axis.variants(record)[key.variant]
    cores, sizes = variant.inputs + variant.outputs, [kind.itemsize for kind in variant.dtypes(dtype)]
    parameters = range(len(variant.inputs) - len(record.parameters), len(variant.inputs))
    before, length, after, unit = walk
    if record.split == "pieces":
        before, length = b.mul(before, b.sdiv(length, unit)), unit
    last = b.icmp_signed("==", after, I64(1))
    blocks, rows = b.select(last, I64(1), before), b.select(last, before, after)
    between, within = b.select(last, length, I64(1)), after
    with cgutils.for_range(b, blocks) as outermost:
        begin, outer, inner = [], [], []
        for place, (pointer, size) in enumerate(zip(pointers, sizes, strict=True)):
            items = b.mul(length, within) if cores[place] else within
            offset = I64(0) if place in parameters else b.mul(outermost.index, items)
            begin.append(b.gep(pointer, [b.mul(offset, I64(size))]))
            if cores[place]:
                outer.append(b.mul(between, I64(size)))
                inner.append(b.mul(within, I64(size)))
            else:
                outer.append(I64(0 if place in parameters else size))
        _emit_call(context, b, loop, begin, [rows, length], outer + inner)


def _emit_halves(
    context: Any, b: ir.IRBuilder, loop: tuple[Key, str], pointers: list[ir.Value], walk: list[ir.Value]
) -> None:
    """Call the function of a key for the halves of the middle axis of three."""
    key, dtype = loop
    size = np.dtype(dtype).itemsize
    # of each operand: the array, how many runs of it make a block, and which of them it is
    value = (0, 2, 0), (0, 2, 1), (1, 1, 0)
    vjp = (0, 1, 0), (1, 2, 0), (1, 2, 1), (2, 2, 0), (2, 2, 1)
    operands = value if key.variant == "value" else vjp
    before, length, after, unit = walk
    run = b.mul(b.sdiv(length, unit), after)
    with cgutils.for_range(b, before) as outermost:
        begin = []
        for place, runs, which in operands:
            offset = b.mul(run, b.add(b.mul(outermost.index, I64(runs)), I64(which)))
            begin.append(b.gep(pointers[place], [b.mul(offset, I64(size))]))
        _emit_call(context, b, loop, begin, [run], [I64(size)] * len(begin))


def _arranged(value: Any, shape: Any, scalar: Any) -> Any:
    """A contiguous array of a type from an array or a number that has the shape."""
    raise NotImplementedError


@overload(_arranged, strict=False)
def _arranged_overload(value: Any, shape: Any, scalar: Any) -> Any:
    if not isinstance(value, types.Array):
        return (lambda value, shape, scalar: np.full(1, value, scalar)) if len(shape) == 0 else None
    same = value.dtype == scalar.instance_type

    def arranged(value: Any, shape: Any, scalar: Any) -> Any:
        return np.ascontiguousarray(value if same else value.astype(scalar))

    return arranged if value.ndim == len(shape) else None


def _check_shape(value: Any, shape: Any) -> Any:
    """Raise ValueError for an array that has another shape; 0."""
    raise NotImplementedError


@overload(_check_shape, strict=False)
def _check_shape_overload(value: Any, shape: Any) -> Any:
    def of_array(value: Any, shape: Any) -> int:
        if value.shape != shape:
            raise ValueError("an operand has another shape than the formula asks for")
        return 0

    return of_array if isinstance(value, types.Array) else lambda value, shape: 0


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


def _room(shape: Any, scalar: Any, out: Any) -> Any:
    """A new array, where there is no `out` or it has that shape."""
    raise NotImplementedError


@overload(_room, strict=False)
def _room_overload(shape: Any, scalar: Any, out: Any) -> Any:
    if not isinstance(out, types.Array):
        return lambda shape, scalar, out: np.empty(shape, scalar)
    if out.ndim != len(shape):
        raise TypingError(f"out must have {len(shape)} dimensions, as the result: got {out}")

    def room(shape: Any, scalar: Any, out: Any) -> Any:
        if out.shape != shape:
            raise ValueError("out must have the shape of the result")
        return np.empty(shape, scalar)

    return room


def _returned(array: Any, out: Any) -> Any:
    """The result, in `out` where there is one; a number where it has no dimensions."""
    raise NotImplementedError


@overload(_returned, strict=False)
def _returned_overload(array: Any, out: Any) -> Any:
    if isinstance(out, types.Array):

        def into(array: Any, out: Any) -> Any:
            for place in np.ndindex(out.shape):  # `out[...] = array` takes seconds to compile
                out[place] = array[place]
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


def _prepared(key: Key, dtype: str, keepdims: bool) -> Function:
    """``prepared(args)``: arrays as the inner loop takes them, the last for the result; `out`; and how to walk.

    `args` are operands, parameters or pieces, out and axis.
    """
    record, scalar = ALONG_AXIS[key.name], np.dtype(dtype).type
    whole, result_whole, labelled = _Operands.of(key)
    operands, place_of_x, value_shape = len(whole), whole.index(True), _value_shape(key)
    used = operands + len(record.parameters)
    place_of_out = used + (record.split == "pieces")
    place_of_axis = place_of_out + 1

    def of_whole(value: Any, whole: Any, part: Any) -> Any:
        return _arranged(value, whole, scalar)

    def of_part(value: Any, whole: Any, part: Any) -> Any:
        return _arranged(value, part, scalar)

    def label(value: Any, whole: Any, part: Any) -> Any:
        return _arranged(value, part, np.int64)

    def check_whole(value: Any, whole: Any, part: Any) -> Any:
        return _check_shape(value, whole)

    def check_part(value: Any, whole: Any, part: Any) -> Any:
        return _check_shape(value, part)

    def parameter(value: Any, whole: Any, part: Any) -> Any:
        return np.full(1, value, scalar)

    functions = [of_whole if is_whole else of_part for is_whole in whole]
    functions = [*functions[: operands - labelled], *[label] * labelled, *[parameter] * len(record.parameters)]
    arranged = register_jitable(_TOGETHER[used - 1](*map(register_jitable, functions)))
    shapes_of = [check_whole if is_whole else check_part for is_whole in whole]
    checked = register_jitable(_TOGETHER[operands - 1](*map(register_jitable, shapes_of)))
    units = {"halves": lambda args: 2, "pieces": lambda args: args[operands]}
    unit_of = register_jitable(units.get(record.split, lambda args: 1))
    shapes = (lambda whole, part, axis: part), (lambda whole, part, axis: whole)
    kept = (lambda whole, part, axis: tuple_setitem(whole, axis, 1)) if keepdims else None
    shape_of_result = register_jitable(kept or shapes[result_whole])

    @register_jitable
    def prepared(args: Any) -> Any:
        shape, unit, out = args[place_of_x].shape, unit_of(args), args[place_of_out]
        axis = _counted_from_front(args[place_of_axis], len(shape))
        before, after = _around(shape, axis)
        part = value_shape(shape, axis, unit)
        checked(args[:operands], shape, part)  # before anything is copied: what is raised later would not be freed
        result = _room(shape_of_result(shape, part, axis), scalar, out)
        return (*arranged(args[:used], shape, part), result), out, (before, shape[axis], after, unit)

    made: Function = prepared
    return made


def _prepared_by_label(key: Key, dtype: str) -> Function:
    """The same for targets that are labels."""
    prepared = _prepared(key, dtype, keepdims=False)
    operands = len(_Operands.of(key).whole)
    place_of_logits, place_of_labels, place_of_axis = operands - 2, operands - 1, operands + 1

    @register_jitable
    def checked(args: Any) -> Any:
        shape = args[place_of_logits].shape
        classes = shape[_counted_from_front(args[place_of_axis], len(shape))]
        for label in np.asarray(args[place_of_labels]).flat:
            if label < 0 or label >= classes:
                raise ValueError("a label must be at least 0 and less than the number of classes")
        return prepared(args)

    made: Function = checked
    return made


def _call(typing_context: Any, key: Key, dtype: str, keepdims: bool, kinds: tuple[Any, ...]) -> tuple[Any, Function]:
    """A call with operands, parameters or pieces, out, axis and keepdims of these types: its signature and its code.

    The code is written into the caller. Were it a function of its own, Numba would have LLVM compile the loop for that,
    too.
    """
    prepared = _prepared_by_label(key, dtype) if _Operands.of(key).labelled else _prepared(key, dtype, keepdims)
    emit = _emit_halves if ALONG_AXIS[key.name].split == "halves" else _emit_rows

    defaults = {place: kind.value for place, kind in enumerate(kinds) if isinstance(kind, types.Omitted)}
    omitted = {place: typing_context.resolve_value_type(default) for place, default in defaults.items()}
    whole = types.Tuple([omitted.get(place, kind) for place, kind in enumerate(kinds)])
    prepare = _typed(typing_context, prepared, whole)
    arrays, out, _ = parts = prepare[1].return_type
    finish = _typed(typing_context, _returned, arrays[-1], out)

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
        values = list(values)
        for place, default in defaults.items():
            values[place] = context.get_constant_generic(builder, whole[place], default)
        made = _emit_function(context, builder, prepare, [context.make_tuple(builder, whole, values)])
        arranged, given, walk = (builder.extract_value(made, place) for place in range(len(parts)))
        pointers = []
        for place, kind in enumerate(arrays):
            array = context.make_array(kind)(context, builder, builder.extract_value(arranged, place))
            pointers.append(builder.bitcast(array.data, POINTER))
        emit(context, builder, (key, dtype), pointers, cgutils.unpack_tuple(builder, walk))
        result = _emit_function(context, builder, finish, [builder.extract_value(arranged, len(arrays) - 1), given])
        context.nrt.decref(builder, parts, made)
        return result

    return finish[1].return_type(*kinds), codegen


def _typed(typing_context: Any, function: Function, *kinds: Any) -> tuple[Any, Any]:
    """A function that compiled code can call, as Numba's type and with its signature for arguments of these types."""
    typing_context.refresh()  # the function may be a new one
    kind = typing_context.resolve_value_type(function)
    return kind, kind.get_call_type(typing_context, kinds, {})


def _emit_function(context: Any, builder: ir.IRBuilder, typed: tuple[Any, Any], values: Any) -> ir.Value:
    """Call such a function."""
    called = context.get_function(*typed)
    context.add_linking_libs(getattr(called, "libs", ()))
    return called(builder, values)


def _is_number(kind: Any) -> bool:
    return kind in (types.float32, types.float64) or isinstance(kind, types.Integer | types.Boolean)


def _argument(given: Any) -> Any:
    """The type of an argument, or of a default. Of constants only a bool remains one: code may depend on it."""
    if not isinstance(given, types.Type):
        return types.Omitted(given)
    return given if isinstance(given, types.BooleanLiteral) else types.unliteral(given)


def _register(function: Any, key: Key) -> None:
    """Make one function callable in compiled code, once: Numba refuses a second name for a ufunc."""
    if key in _registered:
        return
    _registered.add(key)
    record, arguments = ALONG_AXIS[key.name], along_axis.arguments(key)
    if record.elementwise and not record.split:
        kernel = register_jitable(**INNER)(along_axis.elementwise(key))
        register(function, key, arguments, (), kernel, (kernel,), len(arguments))
        return
    operands = len(arguments)
    pieces = ("pieces",) if record.split == "pieces" else ()
    reduces = key.variant == "value" and not record.split and record.signature.endswith("->()")
    keywords = {"out": None, "axis": -1} | ({"keepdims": False} if reduces else {})
    names = ("typing_context", *arguments, *record.parameters, *pieces, *keywords)
    defaults = (*record.parameters.values(), *keywords.values())

    def choose(args: tuple[Any, ...]) -> tuple[Any, Function]:
        typing_context, *given = args
        arrays, numbers, given_keywords = given[:operands], given[operands : -len(keywords)], given[-len(keywords) :]
        out, axis, keepdims = given_keywords if reduces else (*given_keywords, False)
        keepdims = getattr(keepdims, "literal_value", getattr(keepdims, "value", keepdims))
        dtypes = [getattr(kind, "dtype", kind) for kind in arrays]
        if not (
            all(map(_is_number, dtypes))
            and any(isinstance(kind, types.Array) for kind in arrays)
            and all(_is_number(kind) or isinstance(kind, float | types.Omitted) for kind in numbers)
            and (out is None or isinstance(out, types.Omitted | types.NoneType) or receives_floats(out))
            and isinstance(axis, int | types.Integer | types.Omitted)
            and isinstance(keepdims, bool)
        ):
            raise TypingError(
                f"{key.path}() in compiled code takes arrays of float32, float64 or integers, a number for each "
                f"parameter, an array of floats as out, an integer as axis, and True or False, written out, as "
                f"keepdims: got {', '.join(map(str, given))}"
            )
        labels = record.split == "targets" and isinstance(dtypes[-1], types.Integer)
        of_arrays = [
            dtype
            for kind, dtype in zip(arrays, dtypes[: operands - labels], strict=False)
            if isinstance(kind, types.Array)
        ]
        dtype = "float32" if all(dtype == types.float32 for dtype in of_arrays) else "float64"
        if dtype not in along_axis.stored(key):
            raise TypingError(f"{key.path}() in compiled code has no {dtype}: got {', '.join(map(str, given))}")
        variant = key.variant + along_axis.BY_LABEL * labels
        kinds = tuple(_argument(kind) for kind in given)
        return _call(typing_context, key._replace(variant=variant), dtype, keepdims, kinds)

    # Numba would take a call of a ufunc for one that works number by number, and write it into a loop of its own: it
    # is to know the ufunc by another name.
    choose.__name__ = key.path
    stand_in = intrinsic(prefer_literal=True)(spread(choose, names, defaults))
    cpu_target.typing_context.refresh()
    infer_global(function, cpu_target.typing_context.resolve_value_type(stand_in))
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


for _key, _function in along_axis.functions().items():
    _register(_function, _key)
along_axis.on_new_function.append(_register)
