"""What a training has led to: what is mistaken for what, and how loss and accuracy went."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .plots import OTHERS, OURS, STYLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[Any]


def confusion(labels: Array, predicted: Array, classes: Array) -> Array:
    """How many rows of each class (rows) were taken for each class (columns)."""
    count = len(classes)
    true, found = (np.searchsorted(classes, values) for values in (labels, predicted))
    return np.bincount(true * count + found, minlength=count * count).reshape(count, count)


def training_figure(
    matrix: Array, classes: Array, losses: Sequence[float], accuracies: Sequence[float], title: str
) -> "Figure":
    """The confusion matrix, shaded by share of the class, beside loss and test accuracy by epoch."""
    import matplotlib as mpl
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 5.6), layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
        places = [["table", "loss"], ["table", "accuracy"]]
        panels: dict[str, Any] = figure.subplot_mosaic(places, width_ratios=(1.3, 1))
        table = panels["table"]
        shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        table.imshow(shares, cmap="Blues", norm=PowerNorm(0.4, 0, 1))  # so that rare mistakes show
        table.grid(False)
        table.set_title(f"Confusion matrix, {matrix.sum():,} test examples")
        table.set(xlabel="predicted", ylabel="true")
        ticks, names = range(len(classes)), [str(c) for c in classes]
        table.set_xticks(ticks, names, rotation=0 if max(map(len, names)) < 4 else 90)
        table.set_yticks(ticks, names)
        if len(classes) <= 20:
            for (i, j), count in np.ndenumerate(matrix):
                color = "white" if shares[i, j] > 0.3 else "black"
                table.text(j, i, str(count) if count else "", ha="center", va="center", color=color)
        epochs = np.arange(1, len(losses) + 1)
        curves = {"loss": (losses, "Training loss", OTHERS), "accuracy": (accuracies, "Test accuracy", OURS)}
        for name, (values, label, color) in curves.items():
            panels[name].plot(epochs, values, color=color, marker="o", markersize=3)
            panels[name].set_title(label)
            panels[name].xaxis.set_major_locator(MaxNLocator(integer=True))
        panels["loss"].set_ylim(bottom=0)
        panels["accuracy"].set_xlabel("epoch")
        panels["accuracy"].yaxis.set_major_formatter("{x:.1%}")
    return figure
