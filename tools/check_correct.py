"""Prove that the tier `correct` misrounds no float32: all 2^32 of them, one by one.

    python tools/check_correct.py

float64 exp decides, but for the few numbers whose exact value lies too close to the middle of two floats for it: those
are decided in mpmath.
"""

import mpmath as mp
import numpy as np

import numba_activations as act

CHUNK = 1 << 22
DOUBT = 4  # float64 ULP within which float64 exp does not decide; its error is below 1


def doubtful(exact: np.ndarray, rounded: np.ndarray) -> np.ndarray:
    """Where the nearest float32 depends on digits that float64 has not."""
    wide = rounded.astype(np.float64)
    beside = np.nextafter(rounded, np.where(exact > wide, np.float32(np.inf), np.float32(-np.inf)))
    middle = (wide + beside.astype(np.float64)) / 2
    return np.abs(exact - middle) <= DOUBT * np.spacing(exact)


def is_nearest(x: float, y: np.float32) -> bool:
    """Whether no float32 is nearer to e^x than y, by 200 bits."""
    with mp.workprec(200):
        exact = mp.exp(mp.mpf(x))
        error = abs(mp.mpf(float(y)) - exact)
        sides = (np.nextafter(y, np.float32(np.inf)), np.nextafter(y, np.float32(-np.inf)))
        return all(error <= abs(mp.mpf(float(side)) - exact) for side in sides)


def easy(x: np.ndarray) -> np.ndarray | None:
    """The result where it is one and the same for all of x, else None."""
    if np.isnan(x).all():
        return np.full_like(x, np.nan)
    if (np.abs(x) < 2.0**-26).all():
        return np.ones_like(x)
    if (x < -104).all() or (x > 89).all():
        return np.full_like(x, 0 if x[0] < 0 else np.inf)
    return None


def main() -> None:
    """Check, and print what was found."""
    wrong = decided = 0
    for start in range(0, 1 << 32, CHUNK):
        x = np.arange(start, start + CHUNK, dtype=np.uint64).astype(np.uint32).view(np.float32)
        y = act.approx.correct.exp(x)
        known = easy(x)
        if known is not None:
            wrong += int((~((y == known) | (np.isnan(y) & np.isnan(known)))).sum())
            continue
        with np.errstate(all="ignore"):
            exact = np.exp(x.astype(np.float64))
            rounded = exact.astype(np.float32)
            unsure = np.isfinite(rounded) & (rounded > 0) & doubtful(exact, rounded)
        same = (y == rounded) | (np.isnan(y) & np.isnan(rounded))
        wrong += int((~same & ~unsure).sum())
        wrong += sum(not is_nearest(float(a), b) for a, b in zip(x[unsure], y[unsure], strict=True))
        decided += int(unsure.sum())
    print(f"{1 << 32} numbers, {wrong} misrounded; {decided} decided in mpmath")
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
