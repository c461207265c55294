"""Train the small network whose pre-activations `numba-activations compare` measures on by default.

python tools/train_digits_network.py            # write src/numba_activations/data/network.npz
python tools/train_digits_network.py --check    # exit status 1 if that holds another network

64 inputs, 32 sigmoid units, 10 outputs under softmax cross-entropy; plain NumPy, the whole batch at every step. It
learns from the first 1500 digits; the rest judges it.
"""

import sys
from pathlib import Path

import numpy as np
from generated import checking

from numba_activations.data import digits

TARGET = Path(__file__).parents[1] / "src" / "numba_activations" / "data" / "network.npz"
LEARNING_RATE, MOMENTUM, DECAY, STEPS, TRAINED_ON = 0.8, 0.9, 1e-4, 1500, 1500

Weights = dict[str, np.ndarray]


def forward(weights: Weights, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The activations of the hidden units and the probabilities."""
    hidden = 1 / (1 + np.exp(-(images @ weights["hidden"] + weights["hidden_bias"])))
    logits = hidden @ weights["output"] + weights["output_bias"]
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return hidden, odds / odds.sum(axis=1, keepdims=True)


def gradient(weights: Weights, images: np.ndarray, labels: np.ndarray) -> Weights:
    """Of the mean cross-entropy, and of the weight decay."""
    hidden, probabilities = forward(weights, images)
    delta = (probabilities - np.eye(10)[labels]) / len(images)
    below = delta @ weights["output"].T * hidden * (1 - hidden)
    return {
        "hidden": images.T @ below + DECAY * weights["hidden"],
        "hidden_bias": below.sum(axis=0),
        "output": hidden.T @ delta + DECAY * weights["output"],
        "output_bias": delta.sum(axis=0),
    }


def train(images: np.ndarray, labels: np.ndarray) -> Weights:
    random = np.random.default_rng(0)
    weights = {
        "hidden": random.normal(0, 64**-0.5, (64, 32)),
        "hidden_bias": np.zeros(32),
        "output": random.normal(0, 32**-0.5, (32, 10)),
        "output_bias": np.zeros(10),
    }
    speed = {name: np.zeros_like(w) for name, w in weights.items()}
    for _ in range(STEPS):
        for name, slope in gradient(weights, images, labels).items():
            speed[name] = MOMENTUM * speed[name] - LEARNING_RATE * slope
            weights[name] += speed[name]
    return weights


def check(weights: Weights) -> str | None:
    """What is wrong with the stored network; machines may differ in the last digits."""
    with np.load(TARGET, allow_pickle=False) as stored:
        same = set(stored.files) == set(weights) and all(
            np.allclose(stored[k], w, atol=1e-3) for k, w in weights.items()
        )
    return None if same else f"{TARGET} is not what {__file__} gives: run it"


if __name__ == "__main__":
    check_only = checking()
    images, labels = digits()
    images = images.astype(np.float64)
    weights = train(images[:TRAINED_ON], labels[:TRAINED_ON])
    if check_only:
        sys.exit(check(weights))
    for part, chosen in {"learned": slice(TRAINED_ON), "held out": slice(TRAINED_ON, None)}.items():
        right = forward(weights, images[chosen])[1].argmax(axis=1) == labels[chosen]
        print(f"{part}: {right.mean():.1%} of {right.size} right")
    np.savez_compressed(TARGET, **{name: w.astype(np.float32) for name, w in weights.items()})
