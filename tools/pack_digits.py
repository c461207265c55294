"""Store scikit-learn's digits in src/numba_activations/data/digits.npz.

python tools/pack_digits.py            # write
python tools/pack_digits.py --check    # exit status 1 if the file does not hold what scikit-learn has
"""

import sys
from pathlib import Path

import numpy as np
from generated import checking
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[1] / "src" / "numba_activations" / "data" / "digits.npz"


def arrays() -> dict[str, np.ndarray]:
    """The images, grey levels 0 to 16, and the digits that they show."""
    digits = load_digits()
    return {"images": digits.images.astype(np.uint8), "labels": digits.target.astype(np.uint8)}


def stored() -> dict[str, np.ndarray]:
    with np.load(TARGET, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


if __name__ == "__main__":
    wanted = arrays()
    if checking():
        found = stored()
        same = found.keys() == wanted.keys() and all(np.array_equal(found[k], wanted[k]) for k in wanted)
        sys.exit(0 if same else f"{TARGET} is not what {__file__} gives: run it")
    np.savez_compressed(TARGET, **wanted)
