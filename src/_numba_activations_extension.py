"""What Numba calls in every process when it first compiles: so it stands outside the package, and loads nothing.

A process that uses the package before it uses Numba has its functions registered here; in all others the package
registers each function when it is asked for.
"""

import sys


def register() -> None:
    """Make the functions that this process has so far known to Numba."""
    if "numba_activations" in sys.modules:
        from numba_activations.engine.listening import listen

        listen("njit_along_axis")  # which needs that of the element-wise functions
