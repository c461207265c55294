"""From a kernel to machine code: intrinsics, Numba -> LLVM IR -> object code, loops, object cache, NumPy's C API, Numba."""
