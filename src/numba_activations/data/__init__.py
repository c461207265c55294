"""Real data that comes with the package; its source and licence stand beside it in LICENSE."""

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = ["digits"]


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
    >>> images.shape, images.max(), labels[:10]
    ((1797, 64), np.float32(1.0), array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    """
    with files(__name__).joinpath("digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
        images, labels = stored["images"], stored["labels"]
    if images.shape != (1797, 8, 8) or labels.shape != (1797,) or images.max() != 16 or labels.max() != 9:
        raise ValueError(
            f"digits.npz holds images of shape {images.shape} with values up to {images.max()}, labels of shape "
            f"{labels.shape} up to {labels.max()}: it should be (1797, 8, 8) up to 16 and (1797,) up to 9"
        )
    return images.reshape(1797, 64).astype(np.float32) / np.float32(16), labels.astype(np.int64)
