"""Measure what the error of each tier becomes in each activation, and state it: data/tier_errors.json.

python tools/measure_tier_errors.py                   # all activations: many functions are compiled, once
python tools/measure_tier_errors.py sigmoid u3 libm   # some of them, in some tiers; what is known of others is kept
"""

import json
import math
import sys
from importlib.resources import files
from pathlib import Path

import numba_activations
from numba_activations.analysis import propagation
from numba_activations.engine import registry
from numba_activations.engine.keys import Key
from numba_activations.records import ACTIVATIONS, APPROXIMATIONS, HALVES
from numba_activations.tier_errors import FILE, UNITS

TARGET = Path(str(files(numba_activations))) / "data" / FILE
POINTS = {True: 4_000_000, False: 4000}  # where float64 is exact enough, and where it takes mpmath
SLACK = 1.2  # between what is found here and what is stated


def rounded_up(size: float) -> float:
    """The next number of two digits above `size` with its slack."""
    if size == 0 or math.isinf(size):
        return size
    unit = 10.0 ** (math.floor(math.log10(SLACK * size)) - 1)
    return float(f"{math.ceil(SLACK * size / unit) * unit:.1e}")


def measured(tier: str, name: str, dtype: str) -> dict[str, dict[str, list[float]]]:
    """What is to be stated of an activation in a tier, with the witnesses."""
    count = POINTS[propagation.is_rough(tier, dtype)]
    x = propagation.inputs(tier, name, dtype, count)
    found = propagation.errors(tier, name, x, registry.function(Key(tier, "value_and_derivative", name)))
    stated: dict[str, dict[str, list[float]]] = {}
    for half in HALVES:
        stated[half] = {}
        for unit, errors in zip(UNITS, found[half], strict=True):
            largest = propagation.largest(errors, x)
            if rounded_up(largest.size) <= 1:  # beyond, no digit is right
                stated[half][unit] = [rounded_up(largest.size), largest.at]
    return stated


def text(table: dict[str, dict[str, dict[str, object]]]) -> str:
    """The file: a line for each activation in each tier and type."""
    tiers = []
    for tier, types in table.items():
        parts = []
        for dtype, rows in types.items():
            lines = ",\n".join(
                f"   {json.dumps(name)}: {json.dumps(rows[name])}" for name in ACTIVATIONS if name in rows
            )
            parts.append(f"  {json.dumps(dtype)}: {{\n{lines}\n  }}")
        tiers.append(f" {json.dumps(tier)}: {{\n" + ",\n".join(parts) + "\n }")
    return "{\n" + ",\n".join(tiers) + "\n}\n"


def run(chosen: list[str]) -> None:
    """Measure, and write after each tier."""
    table = json.loads(TARGET.read_text()) if TARGET.exists() else {}
    tiers, names = ([name for name in chosen if (name in APPROXIMATIONS) == of_tiers] for of_tiers in (True, False))
    for tier, dtype in propagation.tiers():
        if tiers and tier not in tiers:
            continue
        rows = table.setdefault(tier, {}).setdefault(dtype, {})
        for name in names or propagation.names():
            rows[name] = measured(tier, name, dtype)
            print(tier, dtype, name, rows[name], flush=True)
        TARGET.write_text(text(table))


if __name__ == "__main__":
    run(sys.argv[1:])
