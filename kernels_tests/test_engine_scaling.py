"""Where AVX-512 is at hand, a power of two is multiplied by in one instruction, and n is not converted for it."""

import pytest

from numba_activations.engine import objectcode, target
from numba_activations.engine.keys import DEFAULT, Key
from numba_activations.engine.loops import ARRAYS, STORAGES, loop_ir
from numba_activations.engine.scalar import scalar_function, scalar_ir


@pytest.mark.skipif(not target.is_x86(), reason="the instruction is one of x86")
@pytest.mark.parametrize("name", ["exp", "gelu"])  # one of any n, one of n <= 0
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_vectors_are_scaled_at_once(name, kind, monkeypatch):
    monkeypatch.setattr(target, "name", lambda: "skylake-avx512")
    monkeypatch.setattr(target, "features", lambda: "+avx512f,+avx512dq,-prefer-256-bit")
    text, symbol = scalar_ir(scalar_function(Key(DEFAULT, "value", name)), kind, 1)
    loop = f"{kind}.{ARRAYS}"
    module = objectcode.optimised([text, loop_ir(kind, symbol, STORAGES[kind], 1, 1, 0)], [kind, loop])
    assembly = target.machine().emit_assembly(objectcode.part(module, loop))
    of_vectors = [line.split()[0] for line in assembly.splitlines() if "zmm" in line]
    assert of_vectors.count(f"vscalef{'ps' if kind == 'float32' else 'pd'}") == 4  # as many vectors are in a step
    assert not [instruction for instruction in of_vectors if instruction.startswith("vcvt")]
