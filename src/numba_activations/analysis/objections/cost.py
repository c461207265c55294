"""Objection (c): exp is expensive - and the reply that this hardly matters in practice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...engine import registry
from ...training import LayerActivation, Network, Solver, forward, initialise, train_batches
from ..plots import GREY, STYLE
from ..timing import nanoseconds
from .examples import Array, Examples
from .findings import Findings, Table, check_counts, counted, line, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HARDLY = 0.1  # of an epoch: an activation that takes less hardly matters
BATCH = 64
_ROWS = 60 * BATCH  # of the epochs that are timed, at most
_CALL = 1 << 14  # numbers in a timed call of an activation, at least: what the call itself takes is nothing then
_STANDSTILL = Solver("sgd", 1e-9, momentum=0.0)  # trains at full price, and leaves the weights where they are


@dataclass(frozen=True, slots=True)
class Price:
    """What one activation costs and what it reaches.

    Attributes
    ----------
    activation : str
        Its name, after its tier where that is not the default one.
    shares : dict of int to float
        By width of the hidden layer: share of an epoch that the activation and its derivative take.
    epochs : dict of int to float
        By width: seconds of an epoch.
    nanoseconds : float
        For one value and its derivative, in the widest layer.
    accuracy, spread : float
        Test accuracy after training: mean and standard deviation over the repetitions.
    """

    activation: str
    shares: dict[int, float]
    epochs: dict[int, float]
    nanoseconds: float
    accuracy: float
    spread: float


@dataclass(frozen=True, slots=True)
class Cost(Findings):
    """What `cost` found.

    Attributes
    ----------
    data : str
        The examples.
    rows, batch : int
        Examples of an epoch that was timed, and of a batch.
    width, epochs, repetitions : int
        Of the trainings that gave the accuracies.
    prices : list of Price
        One for each activation and tier.
    """

    name: ClassVar[str] = "cost"
    objection: ClassVar[str] = "exp is expensive - though that one hardly matters in practice."

    data: str
    rows: int
    batch: int
    width: int
    epochs: int
    repetitions: int
    prices: list[Price]

    def sentences(self) -> tuple[str, str]:
        """What was found, from the numbers."""
        widths = list(self.prices[0].shares)
        narrow, wide = widths[0], widths[-1]
        dearest = max(self.prices, key=lambda p: p.shares[narrow])
        hardly = [w for w in widths if all(dearest.shares[v] < HARDLY for v in widths if v >= w)]
        cheapest = min(self._kin(dearest), key=lambda p: p.epochs[narrow])
        other_width = f" and {percent(dearest.shares[wide])} with {wide}" if wide != narrow else ""
        first = (
            f"The dearest activation, {dearest.activation}, takes {percent(dearest.shares[narrow])} of an epoch with "
            f"{narrow} hidden units{other_width}: it hardly matters (less than "
            + (f"{percent(HARDLY)}) from {hardly[0]} units on." if hardly else f"{percent(HARDLY)}) at no width tried.")
        )
        saved = 1 - cheapest.epochs[narrow] / dearest.epochs[narrow]
        second = (
            f"{cheapest.activation} makes an epoch with {narrow} units {percent(saved)} shorter than "
            f"{dearest.activation} does, and reaches {self._reached(cheapest)} test accuracy where "
            f"{dearest.activation} reaches {self._reached(dearest)}."
        )
        return first, second if cheapest is not dearest else f"It reaches {self._reached(dearest)} test accuracy."

    def _reached(self, price: Price) -> str:
        spread = f" (± {100 * price.spread:.1f})" if self.repetitions > 1 else ""
        return percent(price.accuracy) + spread

    def _kin(self, price: Price) -> list[Price]:
        """The same activation in every tier that was tried, or all activations where only one tier was."""
        name = price.activation.rpartition(".")[2]
        kin = [p for p in self.prices if p.activation.rpartition(".")[2] == name]
        return kin if len(kin) > 1 else self.prices

    def tables(self) -> list[Table]:
        """Each activation's price by width, and its accuracy."""
        widths = list(self.prices[0].shares)
        return [
            Table(
                f"Share of an epoch that the activation takes, by hidden units ({self.data}, batches of {self.batch}); "
                f"accuracy with {self.width} units after {counted(self.epochs, 'epoch')}, mean of {self.repetitions}",
                ("activation", *map(str, widths), "ns/element", "accuracy"),
                [
                    (
                        p.activation,
                        *(percent(p.shares[w]) for w in widths),
                        f"{p.nanoseconds:.2f}",
                        self._reached(p),
                    )
                    for p in self.prices
                ],
            )
        ]

    def draw(self) -> "Figure":
        """Shares by width; accuracy and the length of an epoch, whose rows are the key to the lines."""
        import matplotlib as mpl
        from matplotlib.figure import Figure

        with mpl.rc_context(STYLE):
            figure = Figure(figsize=(11, 4.8), layout="constrained")
            shares, accuracy, time = figure.subplots(1, 3, width_ratios=(1.5, 1, 1))
            shortest = min(min(p.epochs.items())[1] for p in self.prices)
            tiers, _, names = ([*dict.fromkeys(n)] for n in zip(
                *(p.activation.rpartition(".") for p in self.prices), strict=True
            ))  # fmt: skip
            for k, p in enumerate(self.prices):
                tier, _, name = p.activation.rpartition(".")
                style = line(names.index(name), tiers.index(tier))
                shares.plot(list(p.shares), [100 * s for s in p.shares.values()], **style)
                accuracy.errorbar(100 * p.accuracy, k, xerr=100 * p.spread, capsize=3, **style)
                time.plot(min(p.epochs.items())[1] / shortest, k, **style)
            shares.axhline(100 * HARDLY, color=GREY, linewidth=1, linestyle=":")
            widths = list(self.prices[0].shares)
            shares.set_xscale("log", base=2)
            shares.set(xticks=widths, xticklabels=widths, xlabel="hidden units", ylabel="% of an epoch", ylim=(0, None))
            shares.set_title("Share of an epoch that the activation takes")
            places, labels = range(len(self.prices)), [p.activation for p in self.prices]
            accuracy.set(yticks=places, yticklabels=labels, ylim=(len(labels) - 0.5, -0.5), xlabel="test accuracy, %")
            accuracy.set_title("What it reaches ...")
            time.set(yticks=places, yticklabels=[], ylim=accuracy.get_ylim())
            time.set(xlabel=f"with {widths[0]} units, shortest = 1")
            time.set_title("... and the time of an epoch")
        return figure


def cost(
    examples: Examples | None = None,
    activations: Sequence[str] = (
        "libm.sigmoid", "sigmoid", "u3.sigmoid", "r1e4.sigmoid", "r2e3.sigmoid", "schraudolph.sigmoid",
        "libm.tanh", "tanh", "schraudolph.tanh", "gelu", "elu", "relu",
    ),
    widths: Sequence[int] = (16, 64, 256, 1024),
    *,
    width: int = 64,
    epochs: int = 10,
    repetitions: int = 3,
    seconds: float = 20.0,
    step: Callable[[float, str], None] = lambda done, what: None,
) -> Cost:  # fmt: skip
    """Measure what share of an epoch activations take, and what accuracy they reach.

    Parameters
    ----------
    examples : Examples, optional
        What to train on; by default the digits.
    activations : sequence of str
        Names, after the name of a tier where it is not the default: 'sigmoid', 'libm.sigmoid'.
    widths : sequence of int
        Units of the hidden layer, whose epochs are timed.
    width, epochs, repetitions : int
        Of the trainings whose accuracy is measured.
    seconds : float
        About how long to measure times.
    step : callable, optional
        Called with the share of the work that is done, and what is done next.

    Returns
    -------
    Cost

    Notes
    -----
    The share is the time that the same compiled loop takes for value and derivative of as many numbers, beside the time
    of the epoch. One thread: set OPENBLAS_NUM_THREADS=1, or the matrix products use more.
    """
    examples = examples or Examples.digits()
    check_counts(width=width, epochs=epochs, repetitions=repetitions)
    if not activations or not widths or min(widths) < 1:
        raise ValueError(f"activations {activations}, widths {widths}: each needs at least one, and widths at least 1")
    widths, rows = sorted(widths), min(len(examples.X), _ROWS)
    seconds_by_width: dict[int, dict[str, float]] = {}
    elements: dict[int, dict[str, float]] = {}
    for k, units in enumerate(widths):
        step(0.7 * k / len(widths), f"epochs with {units} units")
        X, y = examples.X[:rows], examples.y[:rows]
        calls = {a: _epoch(a, units, X, y, examples.classes) for a in activations}
        found = nanoseconds(calls, 1, 0.7 * seconds / len(widths))
        seconds_by_width[units] = {a: 1e-9 * t for a, t in found.items()}
        count = max(_CALL, BATCH * units)
        elements[units] = nanoseconds(
            {a: _activation(a, count) for a in activations}, count, 0.3 * seconds / len(widths)
        )
    prices = []
    for k, a in enumerate(activations):
        step(0.7 + 0.3 * k / len(activations), f"accuracy of {a}")
        reached = [_accuracy(a, width, examples, epochs, seed) for seed in range(repetitions)]
        shares = {w: 1e-9 * elements[w][a] * rows * w / seconds_by_width[w][a] for w in widths}
        times = {w: seconds_by_width[w][a] for w in widths}
        prices.append(Price(a, shares, times, elements[widths[-1]][a], float(np.mean(reached)), float(np.std(reached))))
    return Cost(examples.name, rows, BATCH, width, epochs, repetitions, prices)


def _epoch(activation: str, units: int, X: Array, y: Array, classes: int) -> Callable[[], object]:
    parameters = initialise(Network.of((X.shape[1], units, classes), activation), 0)
    return lambda: train_batches(parameters, X, y, solver=_STANDSTILL, batch_size=BATCH)


def _activation(activation: str, count: int) -> Callable[[], object]:
    layer = LayerActivation.parse(activation)
    function = registry.function(layer.key)
    ufunc = getattr(function, "ufunc", function)
    x = np.random.default_rng(0).normal(0, 2, count).astype(np.float32)
    parameters = np.array(layer.parameters, np.float32)
    out = np.empty_like(x), np.empty_like(x)
    return lambda: ufunc(x, *parameters, out=out)


def _accuracy(activation: str, width: int, examples: Examples, epochs: int, seed: int) -> float:
    network = Network.of((examples.inputs, width, examples.classes), activation)
    parameters, rng, state = initialise(network, seed), np.random.default_rng(seed), None
    for _ in range(epochs):
        rows = rng.permutation(len(examples.X))
        _, state = train_batches(
            parameters, examples.X, examples.y, solver=Solver("adam", 0.003), state=state, order=rows
        )
    guesses = forward(parameters, examples.X_test).activations[-1].argmax(axis=1)
    return float(np.mean(guesses == examples.y_test))
