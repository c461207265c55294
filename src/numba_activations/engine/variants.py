"""What is made of a kernel: value, derivatives with respect to x and to a parameter, vjp, or two in one pass."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ..records import Activation

Adapter = Callable[[Any], Any]


def _value(kernel: Adapter) -> Adapter:
    def value(args: Any) -> Any:
        return kernel(args)[0]

    return value


def _derivative(kernel: Adapter) -> Adapter:
    def derivative(args: Any) -> Any:
        return kernel(args)[1]

    return derivative


def _both(kernel: Adapter) -> Adapter:
    def value_and_derivative(args: Any) -> Any:
        return kernel(args)[:2]

    return value_and_derivative


def _vjp(kernel: Adapter) -> Adapter:
    def vjp(args: Any) -> Any:
        return args[0] * kernel(args[1:])[1]

    return vjp


def _parameter_derivative(kernel: Adapter) -> Adapter:
    def parameter_derivative(args: Any) -> Any:
        return kernel(args)[2]

    return parameter_derivative


@dataclass(frozen=True, slots=True)
class Variant:
    """One use of a kernel: what arguments precede the parameters, how many results there are, how it is adapted."""

    name: str
    outputs: int
    adapt: Callable[[Adapter], Adapter]
    arguments: tuple[str, ...]
    meaning: str
    trainable_only: bool = False

    @property
    def leading(self) -> int:
        """How many arguments precede x."""
        return len(self.arguments) - 1

    def applies_to(self, record: Activation) -> bool:
        """Whether an activation has this variant."""
        return not self.trainable_only or record.trainable is not None


VARIANTS = {
    v.name: v
    for v in (
        Variant("value", 1, _value, ("x",), "f(x)"),
        Variant("derivative", 1, _derivative, ("x",), "f'(x)"),
        Variant("value_and_derivative", 2, _both, ("x",), "(f(x), f'(x)) in one pass"),
        Variant("vjp", 1, _vjp, ("g", "x"), "g * f'(x), the vector-Jacobian product, in one pass"),
        Variant("parameter_derivative", 1, _parameter_derivative, ("x",), "df(x)/dp, p the trainable parameter", True),
    )
}


def bind(kernel: Callable[..., Any], m: ModuleType | None) -> Adapter:
    """A kernel as a function of one tuple of numbers, with its exp taken from the tier `m` where it needs one."""
    if m is not None:

        def with_exp(args: Any) -> Any:
            return kernel(m, *args)

        return with_exp

    def without_exp(args: Any) -> Any:
        return kernel(*args)

    return without_exp
