"""Object code: linked, optimised for the host, kept in the cache, and loaded."""

import functools
import struct
from collections.abc import Callable, Collection, Iterable

import llvmlite.binding as llvm

from . import cache, target

# What kernels call of the C library. Nobody reads the errno that it may set, and without that LLVM makes vectors of
# what is around the calls: libm.tanh in float32 takes 5 instead of 14 ns.
LIBM = ("exp", "expf", "expm1", "expm1f")
_loaded: list[object] = []  # code lives as long as these
SIZE = struct.Struct("<Q")  # of each object code of a cache entry, before it


def build(texts: Iterable[str], exports: Collection[str]) -> bytes:
    """Object code (ELF, Mach-O or COFF) of modules in LLVM IR that call one another; only `exports` stay."""
    return emitted(optimised(texts, exports))


def optimised(texts: Iterable[str], exports: Collection[str]) -> llvm.ModuleRef:
    """Modules in LLVM IR that call one another as one, optimised for the host."""
    target.initialise()
    module = llvm.parse_assembly("")
    for text in texts:
        module.link_in(llvm.parse_assembly(text))
    for value in [*module.functions, *module.global_variables]:
        if not value.is_declaration:
            value.linkage = "external" if value.name in exports else "internal"
    for value in module.functions:
        if value.name in LIBM:
            for attribute in ("memory", "nounwind", "willreturn"):  # memory: that it touches none
                value.add_function_attribute(attribute)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = tuning.loop_unrolling = tuning.loop_interleaving = True
    passes = llvm.create_pass_builder(target.machine(), tuning)
    passes.getModulePassManager().run(module, passes)
    if not target.has("avx512dq"):
        return module
    from .scaling import scaled_at_once

    return scaled_at_once(module)


def part(module: llvm.ModuleRef, export: str) -> llvm.ModuleRef:
    """An optimised module with one exported function, and what that calls."""
    found = module.clone()
    for value in found.functions:
        if value.name != export and not value.is_declaration:
            value.linkage = "internal"
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(found, llvm.create_pass_builder(target.machine(), llvm.create_pipeline_tuning_options()))
    return found


def emitted(module: llvm.ModuleRef) -> bytes:
    """The object code of an optimised module, which is of no use after it."""
    return bytes(target.machine().emit_object(module))


def obtain(entry: str, compile_code: Callable[[], list[bytes]]) -> list[bytes]:
    """The object codes of a cache entry: from the cache, or compiled now and then cached.

    One thread compiles at a time, under Numba's own lock, so that a compilation inside another cannot deadlock.
    """
    content = cache.load(entry)
    if content is None:
        from numba.core.compiler_lock import global_compiler_lock

        with global_compiler_lock:
            content = cache.load(entry)
            if content is None:
                content = _packed(compile_code())
                cache.store(entry, content)
    return _unpacked(content)


def _packed(codes: list[bytes]) -> bytes:
    return b"".join(SIZE.pack(len(code)) + code for code in codes)


def _unpacked(content: bytes) -> list[bytes]:
    codes = []
    while content:
        end = SIZE.size + SIZE.unpack_from(content)[0]
        codes.append(content[SIZE.size : end])
        content = content[end:]
    return codes


@functools.cache
def _compiler() -> llvm.LLJIT:
    target.initialise()
    return llvm.create_lljit_compiler()


def load(codes: Iterable[bytes], name: str, exports: Collection[str]) -> dict[str, int]:
    """Addresses of the exported functions, for good; `name` must be new to the process."""
    library = link(codes, name, exports)
    _loaded.append(library)
    return {export: library[export] for export in exports}


def link(codes: Iterable[bytes], name: str, exports: Iterable[str]) -> llvm.ResourceTracker:
    """What knows the addresses of the exported functions, which live as long as it does."""
    builder = llvm.JITLibraryBuilder().add_current_process()
    for code in codes:
        builder.add_object_img(code)
    for export in exports:
        builder.export_symbol(export)
    return builder.link(_compiler(), name)
