"""What the tests read from the catalogue: a new row is tested with no line added here or elsewhere."""

import functools

import numpy as np

import numba_activations as act
from numba_activations.engine.variants import VARIANTS
from numba_activations.kernels import full
from numba_activations.records import Activation

NAMES = tuple(act.catalogue)
WITH_PARAMETERS = tuple(name for name in NAMES if act.catalogue[name].parameters)
WITH_RULES = tuple(name for name in NAMES if act.catalogue[name].rules)
TRAINABLE = tuple(name for name in NAMES if act.catalogue[name].trainable)
DTYPES = ("float16", "float32", "float64")


def function(variant, name):
    """The public function of a variant, by name or by alias."""
    return getattr(act if variant == "value" else getattr(act, variant), name)


def variants(name):
    """The public functions of an activation by the name of their variant."""
    return {v.name: function(v.name, name) for v in VARIANTS.values() if v.applies_to(act.catalogue[name])}


def call(variant, name, x, *parameters, g=1.0):
    """Call a variant on x; the result is always a tuple of arrays."""
    result = function(variant, name)(*((g, x) if variant == "vjp" else (x,)), *parameters)
    return result if isinstance(result, tuple) else (result,)


def accepted(row, given):
    """Whether parameters fulfil the rules."""
    return not any(rule.broken({**row.parameters, **given}) for rule in row.rules)


def plain(row: Activation, x, *parameters):
    """The kernel as plain Python, on one number."""
    numbers = (x, *(type(x)(p) for p in (*parameters, *tuple(row.parameters.values())[len(parameters) :])))
    with np.errstate(all="ignore"):
        return row.kernel(full, *numbers) if row.uses_exp else row.kernel(*numbers)


@functools.cache
def nans(dtype):
    """NaN of both signs, with all kinds of payloads: a quiet NaN's low bits must come to nothing."""
    info = np.finfo(dtype)
    pattern = np.dtype(f"u{info.dtype.itemsize}").type
    quiet = np.array(np.nan, dtype).view(pattern) | np.array([0, 1, 2, 1954, 1 << (info.nmant - 2)], pattern)
    return np.concatenate([quiet, quiet | pattern(1 << (8 * info.dtype.itemsize - 1))]).view(dtype)


@functools.cache
def special(dtype):
    """Numbers that break careless code, the kinks of all rows and their neighbours among them."""
    info, kind = np.finfo(dtype), np.dtype(dtype).type
    kinks = sorted({kink for row in act.catalogue.values() for kink in row.kinks})
    numbers = np.array([0.0, 0.5, 1.0, 2.0, 3.0, 17.0, 89.0, 104.0, 710.0, 746.0, *kinks, np.inf, np.nan]).astype(dtype)
    numbers = np.concatenate(
        [numbers, np.array([info.max, info.tiny, info.smallest_subnormal, info.eps, np.sqrt(info.max)], dtype)]
    )
    numbers = np.concatenate([numbers, -numbers])
    with np.errstate(all="ignore"):
        beside = [np.nextafter(numbers, kind(end)) for end in (np.inf, -np.inf)]
        return np.concatenate([numbers, *beside, nans(dtype)])


@functools.cache
def ordinary(dtype, count=700):
    """Random numbers where activations bend, and of all magnitudes."""
    random = np.random.default_rng(11)
    largest = np.log2(float(np.finfo(dtype).max))
    wide = random.choice([-1.0, 1.0], count // 2) * np.exp2(random.uniform(-largest, largest, count // 2))
    return np.concatenate([random.uniform(-8, 8, count - count // 2), wide]).astype(dtype)


def bits(array):
    """The bit patterns, with one pattern for every NaN."""
    array = np.array(array)
    return np.where(np.isnan(array), np.array(np.nan, array.dtype), array).view(f"u{array.dtype.itemsize}")
