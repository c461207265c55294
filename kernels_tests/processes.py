"""Python processes of their own, for what depends on how a process begins or ends."""

import os
import subprocess
import sys
import textwrap


def start(*code, **environment):
    """A process that runs pieces of code, one after the other, and treats warnings as errors."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", "".join(map(textwrap.dedent, code))],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """The words that a process has printed; it must have ended well."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out.split()


def run(*code, **environment):
    """The words that pieces of code print in a process of their own."""
    return finish(start(*code, **environment))


def digests(*functions):
    """Code that prints a digest of the bits of each function in each type, at any numbers, in long and short rows."""
    return f"""
        import functools
        import hashlib
        import numpy as np
        import numba_activations as act

        for path in {functions}:
            function = functools.reduce(getattr, path.split("."), act)
            for dtype in ("float16", "float32", "float64"):
                random, whole = np.random.default_rng(1), np.iinfo(f"i{{np.dtype(dtype).itemsize}}")
                x = random.integers(whole.min, whole.max, 50001, whole.dtype, endpoint=True).view(dtype)
                long = random.permutation(np.linspace(-9, 9, 3000, dtype=dtype)).reshape(-1, 100)
                y = np.concatenate([function(part).ravel() for part in (x, long, long.reshape(-1, 20))])
                print(hashlib.sha256(np.where(np.isnan(y), np.array(np.nan, dtype), y).tobytes()).hexdigest())
    """
