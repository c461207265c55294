"""From a kernel to machine code, and to the objects that call it.

A kernel goes through these modules in this order: `variants` and `lowering` say what it means to Numba, `scalar` has
Numba turn it into LLVM IR, `loops` puts the loop around it, `schedules` chooses the order of its instructions,
`objectcode` optimises for the `target`, caches (`cache`) and loads the result, `numpy_api` makes a ufunc of it, and
`registry` keeps it; `parametric` adds defaults, `njit` the way into compiled code. One that works along an axis is
followed through its passes by `trace`; `rows` puts the loop around them, `along_axis` arranges the operands and keeps
the result, `njit_along_axis` is its way into compiled code.
"""
