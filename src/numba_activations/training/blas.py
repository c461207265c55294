"""The address of BLAS's matrix product, in the library that SciPy brings."""

import ctypes
import functools

import numpy as np


@functools.cache
def gemm_address(dtype: np.dtype) -> int:
    """Where sgemm or dgemm lies, which takes all its arguments by reference.

    Raises
    ------
    ImportError
        If SciPy is not installed.
    """
    try:
        from scipy.linalg import cython_blas
    except ImportError as error:
        raise ImportError(
            "training needs SciPy for its matrix products: pip install 'numba-activations[train]'"
        ) from error
    capsule = cython_blas.__pyx_capi__["sgemm" if dtype == np.float32 else "dgemm"]
    name, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name.argtypes, name.restype = [ctypes.py_object], ctypes.c_char_p
    pointer.argtypes, pointer.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
    return int(pointer(capsule, name(capsule)))
