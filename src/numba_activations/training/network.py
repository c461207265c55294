"""What a network is: its layers, their activations, its loss, and the numbers that training changes."""

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.keys import DEFAULT, Key, offers
from ..records import ACTIVATIONS, APPROXIMATIONS, Activation
from .layout import LOSSES

Array = NDArray[Any]
_SPELLING = re.compile(r"(?:(?P<tier>\w+)\.)?(?P<name>\w+)(?:\((?P<parameters>[^()]*)\))?")


@dataclass(frozen=True, slots=True)
class LayerActivation:
    """An activation as a layer has it: which function of which tier, and the values of its parameters."""

    key: Key
    parameters: tuple[float, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "LayerActivation":
        """Read "gelu", "schraudolph.sigmoid", "elu(0.5)" or "leaky_relu(negative_slope=0.2)".

        Raises
        ------
        ValueError
            If there is no such activation, tier or parameter, or a parameter breaks a rule of the activation.
        """
        found = _SPELLING.fullmatch(str(text).strip())
        if found is None:
            raise ValueError(
                f"activation is {text!r}: it must be the name of one, such as 'sigmoid', 'schraudolph.sigmoid' "
                "or 'leaky_relu(negative_slope=0.2)'"
            )
        tier, name = found["tier"] or DEFAULT, found["name"]
        if name not in ACTIVATIONS:
            near = difflib.get_close_matches(name, ACTIVATIONS.names(), 3)
            hint = f"did you mean {' or '.join(near)}?" if near else "see numba_activations.catalogue"
            raise ValueError(f"activation is {text!r}: there is no {name!r}; {hint}")
        if tier not in APPROXIMATIONS:
            raise ValueError(
                f"activation is {text!r}: there is no tier {tier!r}; tiers are {', '.join(APPROXIMATIONS)}"
            )
        record = ACTIVATIONS[name]
        if not offers(tier, record):
            raise ValueError(f"activation is {text!r}: the tier {tier} has no {record.name}, which does not use exp")
        return cls(Key(tier, "value_and_derivative", record.name), _parameters(text, record, found["parameters"] or ""))

    @property
    def record(self) -> Activation:
        """Its row of the catalogue."""
        return ACTIVATIONS[self.key.name]

    def __str__(self) -> str:
        given = ", ".join(f"{k}={v!r}" for k, v in zip(self.record.parameters, self.parameters, strict=True))
        prefix = "" if self.key.tier == DEFAULT else self.key.tier + "."
        return f"{prefix}{self.key.name}" + (f"({given})" if given else "")


def _parameters(text: str, record: Activation, given: str) -> tuple[float, ...]:
    values, named = dict(record.parameters), set[str]()
    for position, item in enumerate(filter(None, (part.strip() for part in given.split(",")))):
        name, _, number = item.rpartition("=")
        name = name.strip() or (list(values)[position] if position < len(values) and "=" not in item else item)
        if name not in values:
            has = ", ".join(values) or "no parameters"
            raise ValueError(f"activation is {text!r}: {record.name} has {has}, not {name!r}")
        if name in named:
            raise ValueError(f"activation is {text!r}: it has {name!r} twice")
        named.add(name)
        try:
            values[name] = float(number)
        except ValueError:
            raise ValueError(f"activation is {text!r}: {number.strip()!r} is not a number") from None
        if math.isnan(values[name]):
            raise ValueError(f"activation is {text!r}: {name} must be a number, not NaN")
    for rule in record.rules:
        if rule.broken(values):
            raise ValueError(f"activation is {text!r}: {record.name} needs {rule.text}")
    return tuple(values.values())


@dataclass(frozen=True, slots=True)
class Network:
    """The shape of a network.

    Attributes
    ----------
    sizes : tuple of int
        Inputs, units of each hidden layer, outputs.
    activations : tuple of LayerActivation
        One per hidden layer; the last layer gives logits, or the prediction itself.
    loss : str
        'cross_entropy' (softmax, labels), 'binary_cross_entropy' (sigmoid, targets 0 and 1) or 'squared_error'.
    dtype : numpy.dtype
        float32 or float64.
    """

    sizes: tuple[int, ...]
    activations: tuple[LayerActivation, ...]
    loss: str
    dtype: np.dtype

    @classmethod
    def of(
        cls,
        sizes: Sequence[int],
        activation: str | Sequence[str] = "relu",
        loss: str = "cross_entropy",
        dtype: Any = np.float32,
    ) -> "Network":
        """A network from plain values; `activation` is one for all hidden layers, or one for each.

        Raises
        ------
        ValueError
            If a size is not positive, the number of activations is wrong, or a name is unknown.
        """
        hidden = len(sizes) - 2
        if hidden < 0 or any(size < 1 for size in sizes):
            raise ValueError(f"sizes are {tuple(sizes)}: they must be inputs, hidden units, outputs, each at least 1")
        if loss not in LOSSES:
            raise ValueError(f"loss is {loss!r}: it must be one of {', '.join(LOSSES)}")
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype is {np.dtype(dtype)}: it must be float32 or float64")
        texts = [activation] * hidden if isinstance(activation, str) else list(activation)
        if len(texts) != hidden:
            raise ValueError(f"there are {len(texts)} activations for {hidden} hidden layers: one each is needed")
        if isinstance(activation, str):
            LayerActivation.parse(activation)  # a wrong name is an error also where no layer uses it
        layers = tuple(map(LayerActivation.parse, texts))
        for text, layer in zip(texts, layers, strict=True):
            with np.errstate(over="ignore"):
                if np.any(np.isinf(np.array(layer.parameters, dtype)) & np.isfinite(layer.parameters)):
                    raise ValueError(f"activation is {text!r}: a parameter is infinite in {np.dtype(dtype)}")
        return cls(tuple(int(size) for size in sizes), layers, loss, np.dtype(dtype))

    @property
    def layers(self) -> tuple[tuple[int, int], ...]:
        """(inputs, outputs) of each layer."""
        return tuple(zip(self.sizes[:-1], self.sizes[1:], strict=True))

    @property
    def count(self) -> int:
        """How many parameters there are."""
        return sum((n + 1) * m for n, m in self.layers)


class Parameters:
    """Weights and biases of a network; all lie in one vector, and `weights` and `biases` are views of it.

    Parameters
    ----------
    network : Network
        Its shape.
    vector : ndarray, optional
        The numbers, layer by layer: weights row by row, then biases. Zeros by default. It is not copied.

    Raises
    ------
    ValueError
        If the vector has another length or type than the network, or is strided.
    """

    def __init__(self, network: Network, vector: Array | None = None) -> None:
        self.network = network
        self.vector = np.zeros(network.count, network.dtype) if vector is None else vector
        if self.vector.shape != (network.count,) or self.vector.dtype != network.dtype:
            raise ValueError(
                f"vector is {self.vector.dtype} of shape {self.vector.shape}: "
                f"the network has {network.count} parameters of {network.dtype}"
            )
        if not self.vector.flags.c_contiguous:
            raise ValueError(f"vector has strides of {self.vector.strides[0]} bytes: it must be contiguous")
        self.weights: list[Array] = []
        self.biases: list[Array] = []
        start = 0
        for n, m in network.layers:
            self.weights.append(self.vector[start : start + n * m].reshape(n, m))
            self.biases.append(self.vector[start + n * m : start + (n + 1) * m])
            start += (n + 1) * m

    def __reduce__(self) -> tuple[Any, ...]:
        return Parameters, (self.network, self.vector)  # the views are made anew

    def copy(self) -> "Parameters":
        """The same numbers in memory of their own."""
        return Parameters(self.network, self.vector.copy())

    def __repr__(self) -> str:
        return f"<{self.network.count} parameters of a network {'-'.join(map(str, self.network.sizes))}>"


INITIALISATIONS = ("auto", "glorot", "he", "lecun")


def initialise(network: Network, random_state: Any = None, method: str = "auto") -> Parameters:
    """Weights to start from, uniform around 0, and biases of 0.

    Parameters
    ----------
    network : Network
        Its shape.
    random_state : None, int or numpy.random.Generator
        Where the numbers come from; the same for both dtypes.
    method : {'auto', 'glorot', 'he', 'lecun'}
        The variance of the weights of a layer: 2 / (inputs + outputs), 2 / inputs, or 1 / inputs. 'auto' takes for each
        layer what suits the activation that follows: LeCun's for selu, which normalises itself; He's where one side is
        flatter than the other, as for relu and its like; Glorot's for the rest.

    Returns
    -------
    parameters : Parameters
        New ones.

    Examples
    --------
    >>> from numba_activations.training import Network, initialise
    >>> initialise(Network.of((784, 128, 10), "sigmoid"), random_state=0)
    <101770 parameters of a network 784-128-10>
    """
    if method not in INITIALISATIONS:
        raise ValueError(f"initialisation is {method!r}: it must be one of {', '.join(INITIALISATIONS)}")
    generator = np.random.default_rng(random_state)
    parameters = Parameters(network)
    followers = [*(activation.record for activation in network.activations), None]
    for weights, record in zip(parameters.weights, followers, strict=True):
        n, m = weights.shape
        chosen = _suitable(record) if method == "auto" else method
        variance = {"glorot": 2 / (n + m), "he": 2 / n, "lecun": 1 / n}[chosen]
        bound = math.sqrt(3 * variance)
        weights[:] = generator.uniform(-bound, bound, weights.shape)
    return parameters


def _suitable(record: Activation | None) -> str:
    if record is None:
        return "glorot"
    if record.name == "selu":
        return "lecun"
    return "he" if record.limits.plus[1] != record.limits.minus[1] else "glorot"
