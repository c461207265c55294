"""The processor that we compile for."""

import functools

import llvmlite.binding as llvm


@functools.cache
def initialise() -> None:
    """Make LLVM ready for the host, once."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@functools.cache
def name() -> str:
    """LLVM's name of the host's processor."""
    return str(llvm.get_host_cpu_name())


@functools.cache
def features() -> str:
    """The host's features for LLVM; a machine with AVX-512 is to use its full width."""
    try:
        found = str(llvm.get_host_cpu_features().flatten())
    except RuntimeError:  # LLVM cannot tell on this platform: the name of the processor must do
        found = ""
    return f"{found},-prefer-256-bit" if is_x86() else found


def has(feature: str) -> bool:
    """Whether the host has a feature, such as 'avx512f'."""
    return f"+{feature}" in features().split(",")


def is_x86() -> bool:
    """Whether the host is a 32-bit or 64-bit x86."""
    return str(llvm.get_process_triple()).startswith(("x86_64", "i386", "i686", "amd64"))


def has_few_registers() -> bool:
    """Whether the host has 16 vector registers or less, and not 32."""
    return is_x86() and not has("avx512f")


def machine() -> llvm.TargetMachine:
    """A target machine for position-independent object code that is loaded at run time."""
    initialise()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=name(), features=features(), opt=3, reloc="pic", codemodel="jitdefault", jit=True
    )
