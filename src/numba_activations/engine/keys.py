"""What names one function: its tier, its variant and its activation."""

from types import ModuleType
from typing import NamedTuple

from ..kernels import full
from ..records import APPROXIMATIONS, Activation, AxisFunction

DEFAULT = full.__name__.rpartition(".")[2]  # the tier that stands directly in the package


class Key(NamedTuple):
    """A tier, a variant, and the canonical name of an activation."""

    tier: str
    variant: str
    name: str

    @property
    def path(self) -> str:
        """Where the function stands below the package: 'sigmoid', 'derivative.sigmoid', 'approx.u3.vjp.sigmoid'."""
        prefix = "" if self.tier == DEFAULT else f"approx.{self.tier}."
        middle = "" if self.variant == "value" else f"{self.variant}."
        return f"{prefix}{middle}{self.name}"


def tier_of(key: Key, record: Activation | AxisFunction) -> ModuleType | None:
    """The tier that the kernels of a record take, if they need exp."""
    return APPROXIMATIONS[key.tier].module if record.uses_exp else None


def offers(tier: str, record: Activation | AxisFunction) -> bool:
    """Whether a tier has the functions of a record: the default one has all, another what is built on its exp."""
    return tier == DEFAULT or APPROXIMATIONS[tier].serves(record)
