"""What goes wrong by what the user gave, and can be mended there."""

import importlib
from types import ModuleType

__all__ = ["UserError", "require"]


class UserError(Exception):
    """Its message says what was wrong and what would be right; the command ends with it and exit status 2."""


def require(module: str, extra: str = "cli") -> ModuleType:
    """Import a module that an extra of the package brings."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise UserError(f'this needs {error.name}: pip install "numba-activations[{extra}]"') from None
