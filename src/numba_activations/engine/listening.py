"""How Numba comes to hear of the functions that there are."""

import importlib
import sys


def listen(module: str) -> None:
    """Where the process uses Numba, import the module of this package that tells it of functions, and listens for more.

    A compilation holds Numba's lock while it imports what it calls: whoever imports that must hold it, too, and first.
    """
    if "numba" in sys.modules:
        from numba.core.compiler_lock import global_compiler_lock

        with global_compiler_lock:
            importlib.import_module(f".{module}", __package__)
