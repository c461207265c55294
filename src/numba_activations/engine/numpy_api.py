"""NumPy's public C API: a real ufunc from the addresses of inner loops."""

import ctypes
import functools

import numpy as np
from numpy._core import _multiarray_umath  # type: ignore[attr-defined]  # where the capsule of the C API lies

_FROM_FUNC_AND_DATA, _REGISTER_LOOP, _WITH_SIGNATURE = (
    1,
    2,
    31,
)  # places in the table of the ufunc API, fixed by its ABI
_NO_IDENTITY = -1
_alive: list[object] = []  # NumPy keeps pointers into these


@functools.cache
def _function(place: int, result: object, *arguments: object) -> object:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = ctypes.cast(get(_multiarray_umath._UFUNC_API, None), ctypes.POINTER(ctypes.c_void_p))
    return ctypes.PYFUNCTYPE(result, *arguments)(table[place])  # type: ignore[arg-type]


def make_ufunc(name: str, doc: str, inputs: int, outputs: int, loops: dict[np.dtype, int]) -> np.ufunc:
    """A ufunc from loop addresses by dtype, the narrowest first; dtypes that are not NumPy's own come on top."""
    own = {dtype: address for dtype, address in loops.items() if dtype.isbuiltin == 1}
    operands = inputs + outputs
    functions = (ctypes.c_void_p * len(own))(*own.values())
    types = ctypes.create_string_buffer(bytes(dtype.num for dtype in own for _ in range(operands)))
    data = (ctypes.c_void_p * len(own))()
    names = ctypes.c_char_p(name.encode()), ctypes.c_char_p(doc.encode())
    _alive.append((functions, types, data, names))
    p, i, c = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    create = _function(_FROM_FUNC_AND_DATA, ctypes.py_object, p, p, p, i, i, i, i, c, c, i)
    ufunc: np.ufunc = create(  # type: ignore[operator]
        ctypes.addressof(functions), ctypes.addressof(data), ctypes.addressof(types),
        len(own), inputs, outputs, _NO_IDENTITY, *names, 0,
    )  # fmt: skip
    register = _function(_REGISTER_LOOP, i, ctypes.py_object, i, p, ctypes.POINTER(i), p)
    for dtype, address in loops.items():
        if dtype not in own:
            register(ufunc, dtype.num, address, (i * operands)(*[dtype.num] * operands), None)  # type: ignore[operator]
    return ufunc


def make_gufunc(name: str, doc: str, signature: str, loops: dict[tuple[np.dtype, ...], int]) -> np.ufunc:
    """A generalised ufunc from loop addresses by the dtypes of the operands, the narrowest first."""
    inputs, outputs = (part.count("(") for part in signature.split("->"))
    functions = (ctypes.c_void_p * len(loops))(*loops.values())
    types = ctypes.create_string_buffer(bytes(dtype.num for dtypes in loops for dtype in dtypes))
    data = (ctypes.c_void_p * len(loops))()
    texts = [ctypes.c_char_p(text.encode()) for text in (name, doc, signature)]
    _alive.append((functions, types, data, texts))
    p, i, c = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    create = _function(_WITH_SIGNATURE, ctypes.py_object, p, p, p, i, i, i, i, c, c, i, c)
    ufunc: np.ufunc = create(  # type: ignore[operator]
        ctypes.addressof(functions), ctypes.addressof(data), ctypes.addressof(types),
        len(loops), inputs, outputs, _NO_IDENTITY, *texts[:2], 0, texts[2],
    )  # fmt: skip
    return ufunc
