"""Object code of the loops: linked, optimised for the host, and loaded."""

import functools

import llvmlite.binding as llvm

from ..records import Activation, Approximation
from . import target
from .loops import STORAGES, loop_ir
from .variants import Variant

_loaded: list[object] = []  # code lives as long as these


def compile_loops(record: Activation, tier: Approximation, variant: Variant, storages: tuple[str, ...]) -> bytes:
    """Object code (ELF, Mach-O or COFF) with one loop for each storage, under the storage's name."""
    from .scalar import scalar_function, scalar_ir

    parameters = len(record.parameters)
    inputs = variant.leading + 1 + parameters
    machine = target.machine()
    function = scalar_function(record, tier, variant)
    module = llvm.parse_assembly("")
    kernels = {}
    for name in storages:
        storage = STORAGES[name]
        if storage.kind not in kernels:
            kernels[storage.kind] = scalar_ir(function, storage.kind, inputs)
            module.link_in(llvm.parse_assembly(_inlined(*kernels[storage.kind])))
        text = loop_ir(name, kernels[storage.kind][1], storage, inputs, variant.outputs, parameters)
        module.link_in(llvm.parse_assembly(text))
    for value in [*module.functions, *module.global_variables]:
        if value.name not in storages and not value.is_declaration:
            value.linkage = "internal"
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = tuning.loop_unrolling = tuning.loop_interleaving = True
    passes = llvm.create_pass_builder(machine, tuning)
    passes.getModulePassManager().run(module, passes)
    return bytes(machine.emit_object(module))


def _inlined(text: str, symbol: str) -> str:
    module = llvm.parse_assembly(text)
    for function in module.functions:
        if function.name == symbol:
            function.add_function_attribute("alwaysinline")
        elif not function.is_declaration:
            function.linkage = "internal"
    return str(module)


@functools.cache
def _compiler() -> llvm.LLJIT:
    target.initialise()
    return llvm.create_lljit_compiler()


def load_loops(code: bytes, name: str, storages: tuple[str, ...]) -> dict[str, int]:
    """Addresses of the loops in object code; `name` must be new to the process."""
    builder = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
    for storage in storages:
        builder.export_symbol(storage)
    library = builder.link(_compiler(), name)
    _loaded.append(library)
    return {storage: library[storage] for storage in storages}
