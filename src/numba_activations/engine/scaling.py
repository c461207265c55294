"""x 2^n of whole vectors as the one instruction that AVX-512 has for it.

LLVM's ldexp takes an integer n, and converts it to the float that the instruction takes. Kernels had a float: what
`lowering` has for ldexp makes the integer of n + shift(x). So ldexp is written here with the instruction and that
float, once the loops are vectors.
"""

import llvmlite.binding as llvm
from llvmlite import ir

from ..kernels.primitives import SHIFT_DOUBLE, SHIFT_SINGLE
from . import target

WIDTH = 512  # bits of a vector
KINDS = ((ir.FloatType(), 32, "ps", SHIFT_SINGLE), (ir.DoubleType(), 64, "pd", SHIFT_DOUBLE))
NEAREST = 4  # or how else the processor is told to round


def scaled_at_once(module: llvm.ModuleRef) -> llvm.ModuleRef:
    """An optimised module, or one in its place that has the instruction where it had ldexp of vectors."""
    text, definitions = str(module), ir.Module()
    for kind, bits, suffix, shift in KINDS:
        count = WIDTH // bits
        name = f"ldexp.v{count}f{bits}.v{count}i{bits}"
        if f"@llvm.{name}(" in text:
            text = text.replace(f"@llvm.{name}(", f"@{name}(")
            _define(ir.Function(definitions, _signature(kind, bits, count), name), suffix, shift)
    if not definitions.functions:
        return module
    found = llvm.parse_assembly(text)
    found.link_in(llvm.parse_assembly(str(definitions)))
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.run(found, llvm.create_pass_builder(target.machine(), llvm.create_pipeline_tuning_options()))
    return found


def _signature(kind: ir.Type, bits: int, count: int) -> ir.FunctionType:
    vector = ir.VectorType(kind, count)
    return ir.FunctionType(vector, [vector, ir.VectorType(ir.IntType(bits), count)])


def _define(function: ir.Function, suffix: str, shift: float) -> None:
    """ldexp of vectors: LLVM finds that n goes back to the float that it was made of, and what that is less shift."""
    function.attributes.add("alwaysinline")
    function.linkage = "linkonce_odr"
    b = ir.IRBuilder(function.append_basic_block())
    x, n = function.args
    zero, minus = (ir.Constant(x.type, [number] * x.type.count) for number in (shift, -shift))
    exponent = b.fadd(b.bitcast(b.add(n, b.bitcast(zero, n.type)), x.type), minus)
    mask, rounding = ir.IntType(x.type.count), ir.IntType(32)
    kind = ir.FunctionType(x.type, [x.type, x.type, x.type, mask, rounding])
    instruction = ir.Function(function.module, kind, f"llvm.x86.avx512.mask.scalef.{suffix}.{WIDTH}")
    b.ret(b.call(instruction, [x, exponent, x, mask(-1), rounding(NEAREST)]))
