"""Real data that comes with the package; its source and licence stand beside it in LICENSE."""

from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["digits", "preactivations"]

_SHAPES = {
    "digits.npz": {"images": (1797, 8, 8), "labels": (1797,)},
    "network.npz": {"hidden": (64, 32), "hidden_bias": (32,), "output": (32, 10), "output_bias": (10,)},
}


def digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Handwritten digits: 1797 images of 8 x 8 pixels, and what they show.

    Returns
    -------
    images : ndarray of float32, shape (1797, 64)
        Brightness between 0 and 1, a row an image.
    labels : ndarray of int64, shape (1797,)
        The digits 0 to 9.

    Raises
    ------
    ValueError
        If the file in this installation is not the one that was packaged.

    Notes
    -----
    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998,
    CC BY 4.0; the test part, as scikit-learn distributes it.

    Examples
    --------
    >>> from numba_activations.data import digits
    >>> images, labels = digits()
    >>> images.shape, float(images.max()), labels[:10].tolist()
    ((1797, 64), 1.0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    stored = _load("digits.npz")
    images = stored["images"].reshape(-1, 64).astype(np.float32) / np.float32(16)
    return images, stored["labels"].astype(np.int64)


def preactivations() -> NDArray[np.float32]:
    """What the activation functions of a small network are given: every pre-activation for every digit.

    Returns
    -------
    ndarray of float32, shape (75474,)
        For each of the 1797 digits, what enters 32 sigmoid units and 10 softmax outputs.

    Notes
    -----
    The network's weights come from tools/train_digits_network.py, which trains it on 1500 of the digits.
    """
    weights = _load("network.npz")
    images, _ = digits()
    hidden = images @ weights["hidden"] + weights["hidden_bias"]
    logits = 1 / (1 + np.exp(-hidden)) @ weights["output"] + weights["output_bias"]
    return np.concatenate([hidden, logits], axis=1).ravel()


def _load(name: str) -> dict[str, NDArray[Any]]:
    with files(__name__).joinpath(name).open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {key: stored[key] for key in stored.files}
    shapes = {key: array.shape for key, array in arrays.items()}
    if shapes != _SHAPES[name]:
        raise ValueError(f"{name} holds {shapes}: it should be {_SHAPES[name]}; install numba-activations again")
    return arrays
