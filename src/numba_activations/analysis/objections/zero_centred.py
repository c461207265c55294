"""Objection (b): without zero-centred outputs all gradients of a unit's weights share a sign, and descent zig-zags."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

import numba_activations as act

from ...training import Network, Parameters, Solver, forward, initialise, loss_and_gradient, train_batches
from ..plots import STYLE
from .examples import Array, Examples
from .findings import COLOURS, Findings, Table, check_counts, line, listed, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DRAWS = 200  # batches of each size
_HIDDEN = (32, 32)
WANTED = np.array([1.0, -1.0])  # from (0, 0) on: one weight has to grow and the other to shrink
CLOSE = 0.02  # the descent has arrived where it is so near
RATES = 2.0 ** np.arange(-4, 6)
_WAYS, _STEPS = 101, 2000  # descents, each with examples of its own, and how long one may take


@dataclass(frozen=True, slots=True)
class Signs:
    """How often the gradients of a unit's incoming weights all have one sign.

    Attributes
    ----------
    activation : str
        Of the layer below the unit.
    moment : str
        'at the start' or 'trained'.
    mean, deviation : float
        Of that layer's outputs.
    shares : dict of int to float
        By batch size: of the units that have any gradient at all, the share that has no two of opposite signs.
    """

    activation: str
    moment: str
    mean: float
    deviation: float
    shares: dict[int, float]


@dataclass(frozen=True, slots=True)
class Descent:
    """The way of two weights to where they are wanted: medians of many descents, each with examples of its own.

    Attributes
    ----------
    inputs : str
        What the weights are multiplied by.
    learning_rate : float
        The one of those tried with the fewest steps, of those with which all descents arrived.
    steps : int
        Examples until the weights were near.
    length : float
        Of the path, in units of the straight line.
    forbidden : float
        Share of the steps that moved both weights the same way, where the two have to move in opposite ways.
    path : ndarray, shape (steps + 1, 2)
        The weights after each example, on a way of as many steps.
    """

    inputs: str
    learning_rate: float
    steps: int
    length: float
    forbidden: float
    path: Array


@dataclass(frozen=True, slots=True)
class ZeroCentred(Findings):
    """What `zero_centred` found.

    Attributes
    ----------
    data : str
        The examples.
    signs : list of Signs
        One for each activation, at the start and after training.
    descents : list of Descent
        One for each kind of inputs.
    """

    name: ClassVar[str] = "zero-centred"
    objection: ClassVar[str] = (
        "The sigmoid's output is not zero-centred, so for one example all gradients of a unit's weights share one "
        "sign, and descent zig-zags."
    )

    data: str
    signs: list[Signs]
    descents: list[Descent]

    def sentences(self) -> tuple[str, str]:
        """What was found, from the numbers."""
        start = [s for s in self.signs if s.moment == "at the start"]
        one = [s.activation for s in start if s.shares[1] == 1]
        rest = [f"{percent(s.shares[1])} of those behind {s.activation}" for s in start if s.shares[1] < 1]
        largest = max(start[0].shares)
        batch = (
            f"; over a batch of {largest} examples that holds for {percent(start[0].shares[largest])} of the units "
            f"behind {start[0].activation}"
        )
        behind = ([f"for all units behind {listed(one)}"] if one else []) + ([f"for {listed(rest)}"] if rest else [])
        first = (
            "At the start, the gradients that one example gives a unit's weights all have one sign "
            f"{listed(behind)}{batch if largest > 1 else ''}."
        )
        worst, best = (choose(self.descents, key=lambda d: d.length) for choose in (max, min))
        second = (
            f"On the way to weights that must move in opposite directions, {percent(worst.forbidden)} of the steps "
            f"with {worst.inputs} inputs move both the same way: {worst.steps} steps and {worst.length:.1f} times the "
            f"straight line, against {best.steps} steps and {best.length:.1f} times with {best.inputs} inputs."
        )
        return first, second

    def tables(self) -> list[Table]:
        """Signs by activation and batch size, and the descents."""
        sizes = list(self.signs[0].shares)
        return [
            Table(
                f"Share of units whose weights' gradients all have one sign, by batch size ({self.data}, second layer)",
                ("layer below", "moment", "its outputs", *map(str, sizes)),
                [
                    (
                        s.activation,
                        s.moment,
                        f"{s.mean:.2f} ± {s.deviation:.2f}",
                        *(percent(s.shares[n]) for n in sizes),
                    )
                    for s in self.signs
                ],
            ),
            Table(
                f"Two weights on their way from (0, 0) to (1, -1), one example a step; medians of {_WAYS}",
                ("inputs", "learning rate", "steps", "path / straight line", "steps with both weights the same way"),
                [
                    (d.inputs, f"{d.learning_rate:g}", str(d.steps), f"{d.length:.2f}", percent(d.forbidden))
                    for d in self.descents
                ],
            ),
        ]

    def draw(self) -> "Figure":
        """The shares by batch size, and the paths."""
        import matplotlib as mpl
        from matplotlib.figure import Figure

        with mpl.rc_context(STYLE):
            figure = Figure(figsize=(4 * (len(self.descents) + 1), 4.4), layout="constrained")
            shares, *panels = figure.subplots(1, len(self.descents) + 1, width_ratios=[1.3, *[1] * len(self.descents)])
            for k, s in enumerate(s for s in self.signs if s.moment == "at the start"):
                shares.plot(list(s.shares), [100 * v for v in s.shares.values()], label=s.activation, **line(k))
            shares.set(xscale="log", xlabel="examples in a batch", ylabel="% of units", ylim=(-3, 103))
            shares.set_xscale("log", base=2)
            shares.set_title("Units whose weights' gradients\nall have one sign")
            shares.legend(frameon=False, fontsize=8)
            corners = np.concatenate([d.path for d in self.descents])
            for axes, d in zip(panels, self.descents, strict=True):
                _draw_path(axes, d)
                axes.set(xlim=(corners[:, 0].min() - 0.1, corners[:, 0].max() + 0.1))
                axes.set(ylim=(corners[:, 1].min() - 0.1, corners[:, 1].max() + 0.1), aspect="equal")
        return figure


def _draw_path(axes: "Axes", descent: Descent) -> None:
    axes.plot(*descent.path.T, color=COLOURS[0], linewidth=0.8, marker=".", markersize=3)
    axes.plot([0, WANTED[0]], [0, WANTED[1]], color=COLOURS[1], linewidth=1.2, linestyle="--")
    axes.plot(*WANTED, marker="*", markersize=12, color=COLOURS[1])
    axes.set_title(f"{descent.inputs} inputs:\n{descent.steps} steps, {descent.length:.1f} times\nthe straight line")
    axes.set(xlabel="first weight", ylabel="second weight")


def zero_centred(
    examples: Examples | None = None,
    activations: Sequence[str] = ("sigmoid", "relu", "softplus", "elu", "gelu", "tanh"),
    batch_sizes: Sequence[int] = (1, 2, 4, 8, 16, 32, 64),
    *,
    epochs: int = 5,
    random_state: int = 0,
    step: Callable[[float, str], None] = lambda done, what: None,
) -> ZeroCentred:
    """Count the signs of gradients, and follow two weights whose wanted direction the signs forbid.

    Parameters
    ----------
    examples : Examples, optional
        What to train on; by default the digits.
    activations : sequence of str
        Of the layer whose outputs are the inputs of the units that are looked at.
    batch_sizes : sequence of int
        Over how many examples gradients are summed; over one in any case.
    epochs : int
        Of the training after which the signs are counted again.
    random_state : int
        Where weights, batches and the inputs of the descent come from.
    step : callable, optional
        Called with the share of the work that is done, and what is done next.

    Returns
    -------
    ZeroCentred

    Notes
    -----
    A unit's weights have the gradients delta x_i: behind a sigmoid all x_i are positive, and all gradients have the
    sign of delta. Behind a relu some x_i are 0, and the others positive: their gradients still share one sign.

    The descent fits t = x_1 - x_2 by its weights, one example at a time, from (0, 0). Its inputs are sigmoids of
    standard normal numbers, or the same less their mean; each has the best of ten learning rates, and the numbers are
    medians of 101 descents.
    """
    examples = examples or Examples.digits()
    check_counts(epochs=epochs)
    if not activations or not batch_sizes or not 1 <= min(batch_sizes) <= max(batch_sizes) <= len(examples.X):
        raise ValueError(
            f"activations {activations}, batch sizes {batch_sizes}: each needs at least one, and sizes must lie in "
            f"1 .. {len(examples.X)}"
        )
    batch_sizes = sorted({1, *batch_sizes})
    signs = []
    for k, activation in enumerate(activations):
        step(k / (len(activations) + 1), activation)
        signs += _signs(activation, examples, batch_sizes, epochs, random_state)
    step(len(activations) / (len(activations) + 1), "descent")
    z = np.random.default_rng(random_state).normal(size=(_STEPS, _WAYS, 2))
    positive = act.sigmoid(z)
    inputs = {"sigmoid": positive, "centred sigmoid": positive - 0.5}
    return ZeroCentred(examples.name, signs, [_descend(name, x) for name, x in inputs.items()])


def _signs(activation: str, examples: Examples, sizes: Sequence[int], epochs: int, seed: int) -> list[Signs]:
    network = Network.of((examples.inputs, *_HIDDEN, examples.classes), activation)
    parameters, rng = initialise(network, seed), np.random.default_rng(seed)
    found = []
    for moment in ("at the start", "trained"):
        shares = {}
        for size in sizes:
            counts = np.zeros(2)
            for _ in range(_DRAWS):
                rows = rng.choice(len(examples.X), size, replace=False)
                counts += _one_sign(loss_and_gradient(parameters, examples.X[rows], examples.y[rows])[1].weights[1])
            shares[size] = float(counts[0] / max(counts[1], 1))
        outputs = _below(parameters, examples)
        found.append(Signs(activation, moment, float(outputs.mean()), float(outputs.std()), shares))
        state = None
        for _ in range(epochs if moment == "at the start" else 0):
            rows = rng.permutation(len(examples.X))
            _, state = train_batches(
                parameters, examples.X, examples.y, solver=Solver("sgd", 0.02), state=state, order=rows
            )
    return found


def _below(parameters: Parameters, examples: Examples) -> Array:
    return forward(parameters, examples.X[:512]).activations[0]


def _one_sign(gradient: Array) -> tuple[int, int]:
    """Units (columns) whose gradients have no two opposite signs, and units with any gradient."""
    rises, falls = (gradient > 0).any(axis=0), (gradient < 0).any(axis=0)
    return int(np.sum(rises ^ falls)), int(np.sum(rises | falls))


def _descend(name: str, inputs: Array) -> Descent:
    """The descents with the learning rate with which they arrive first."""
    arrived = [found for rate in RATES if (found := _follow(name, inputs, float(rate))) is not None]
    return min(arrived, key=lambda found: found.steps)


def _follow(name: str, inputs: Array, rate: float) -> Descent | None:
    """Many descents at once, for inputs of shape (steps, descents, 2); None where one does not arrive."""
    weights = np.zeros(inputs.shape[1:])
    places = [weights]
    with np.errstate(over="ignore", invalid="ignore"):  # where the rate is too large
        for x in inputs:
            weights = weights + rate * ((WANTED - weights) * x).sum(axis=-1, keepdims=True) * x
            places.append(weights)
        whole = np.array(places)
        near = np.linalg.norm(whole - WANTED, axis=-1) < CLOSE
    if not near.any(axis=0).all():
        return None
    steps = near.argmax(axis=0)
    paths = [whole[: last + 1, k] for k, last in enumerate(steps)]
    moves = [np.diff(path, axis=0) for path in paths]
    lengths = [np.linalg.norm(m, axis=1).sum() / np.linalg.norm(WANTED) for m in moves]
    forbidden = [np.mean(m.prod(axis=1) > 0) for m in moves]
    typical = paths[int(np.argsort(steps)[len(steps) // 2])]
    return Descent(name, rate, len(typical) - 1, float(np.median(lengths)), float(np.median(forbidden)), typical)
