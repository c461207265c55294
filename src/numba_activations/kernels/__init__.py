"""The mathematics: plain scalar functions, each with its row of the catalogue right below it."""

from . import algebraic, elementary, gaussian, logarithm, piecewise, rectifiers, sigmoidal
from .tiers import full, libm, schraudolph, u3

__all__ = [
    "algebraic",
    "elementary",
    "full",
    "gaussian",
    "libm",
    "logarithm",
    "piecewise",
    "rectifiers",
    "schraudolph",
    "sigmoidal",
    "u3",
]
