"""Object code: linked, optimised for the host, kept in the cache, and loaded."""

import functools
from collections.abc import Callable, Collection, Iterable

import llvmlite.binding as llvm

from . import cache, target

# What kernels call of the C library. Nobody reads the errno that it may set, and without that LLVM makes vectors of
# what is around the calls: libm.tanh in float32 takes 5 instead of 14 ns.
LIBM = ("exp", "expf", "expm1", "expm1f")
_loaded: list[object] = []  # code lives as long as these


def build(texts: Iterable[str], exports: Collection[str]) -> bytes:
    """Object code (ELF, Mach-O or COFF) of modules in LLVM IR that call one another; only `exports` stay."""
    target.initialise()
    module = llvm.parse_assembly("")
    for text in texts:
        module.link_in(llvm.parse_assembly(text))
    for value in [*module.functions, *module.global_variables]:
        if value.name not in exports and not value.is_declaration:
            value.linkage = "internal"
    for value in module.functions:
        if value.name in LIBM:
            for attribute in ("memory", "nounwind", "willreturn"):  # memory: that it touches none
                value.add_function_attribute(attribute)
    module.verify()
    machine = target.machine()
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = tuning.loop_unrolling = tuning.loop_interleaving = True
    passes = llvm.create_pass_builder(machine, tuning)
    passes.getModulePassManager().run(module, passes)
    return bytes(machine.emit_object(module))


def obtain(entry: str, compile_code: Callable[[], bytes]) -> bytes:
    """The object code of a cache entry: from the cache, or compiled now and then cached.

    One thread compiles at a time, under Numba's own lock, so that a compilation inside another cannot deadlock.
    """
    code = cache.load(entry)
    if code is None:
        from numba.core.compiler_lock import global_compiler_lock

        with global_compiler_lock:
            code = cache.load(entry)
            if code is None:
                code = compile_code()
                cache.store(entry, code)
    return code


@functools.cache
def _compiler() -> llvm.LLJIT:
    target.initialise()
    return llvm.create_lljit_compiler()


def load(code: bytes, name: str, exports: Iterable[str]) -> dict[str, int]:
    """Addresses of the exported functions; `name` must be new to the process."""
    builder = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
    for export in exports:
        builder.export_symbol(export)
    library = builder.link(_compiler(), name)
    _loaded.append(library)
    return {export: library[export] for export in exports}
