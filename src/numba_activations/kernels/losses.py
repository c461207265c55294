"""Cross-entropies from logits, the partners of softmax and sigmoid."""

from typing import Any

from ..records import RowBound, RowError, along_axis
from .arithmetic import lower
from .elements import negative, product
from .logarithm import log1p_parts
from .primitives import NOTHING, Float
from .sigmoidal import sigmoid_below
from .softmax import (
    all_weights,
    complement,
    exact_softmax,
    largest_of,
    log_softmax_vjp,
    log_total_of_finite,
    share,
)


def sigmoid_cross_entropy(m: Any, logits: Float, targets: Float) -> tuple[Float, Float]:
    """log(1 + exp(x)) - x t, x the logits, t the targets"""
    T = type(logits)
    size = abs(logits)
    missed = T(1) - targets if logits >= T(0) else targets
    w, w_lost = sigmoid_below(m, size, T(NOTHING))
    small = (w + w_lost) * lower(size)  # s(-|x|): keeps its digits where s(|x|) rounds to 1
    slope = missed - small if logits >= T(0) else small - targets
    linear = T(0) if missed == T(0) else size * missed
    high, rest = log1p_parts(m.exp(-size), T(NOTHING))
    return linear + (high + rest), slope


along_axis(
    sigmoid_cross_entropy,
    signature="(),()->()",
    differentiated=1,
    exact=lambda m, x, t: m.log1p(m.exp(-abs(x))) + abs(x) * ((1 - t) if x >= 0 else t),
    bounds={
        "float32": RowBound(
            RowError(2, at=((1.0475507,), (0.35241136,))),
            RowError(3.5, at=((-1.7774625,), (0.0041316217,), (0.26012662,))),
        ),
        "float64": RowBound(
            RowError(1.7, at=((0.979121578766961,), (0.8666442360675843,))),
            RowError(1.85, at=((1.9417527871740865,), (0.005497193245872797,), (0.0,))),
        ),
    },
    aliases=("sigmoid_cross_entropy_with_logits", "sigmoid_binary_cross_entropy"),
    special="A target of 0 or 1 met by an infinite logit costs 0; NaN gives NaN.",
    vjp_scale=lambda m, g, x, t: [abs(v * w) for v, w in zip(g, t, strict=True)],
    note="Targets are probabilities between 0 and 1, element by element; nothing is summed.",
)


def softmax_cross_entropy(m: Any, row: Any, logits: Any, targets: Any) -> Any:
    """-sum_k t_k log_softmax(x)_k, x the logits, t the targets"""
    return row.sum(row.map(cost, logits, targets, *log_total_of_finite(m, row, logits)))


def cost(x: Float, t: Float, top: Float, rest: Float) -> Float:
    """t (rest + top - x); 0 for t = 0, but NaN where rest is"""
    T = type(x)
    return rest * T(0) if t == T(0) else t * (rest + (top - x))


def label_cross_entropy(m: Any, row: Any, logits: Any, label: Any) -> Any:
    """-log_softmax(x)_label"""
    return row.map(cost_of_label, row.at(logits, label), *log_total_of_finite(m, row, logits))


def cost_of_label(x: Float, top: Float, rest: Float) -> Float:
    """rest + (top - x)"""
    return rest + (top - x)


def softmax_cross_entropy_derivative(m: Any, row: Any, logits: Any, targets: Any) -> Any:
    """softmax(x)_j sum_k t_k - t_j"""
    return row.map(negative, log_softmax_vjp(m, row, targets, logits))


def softmax_cross_entropy_vjp(m: Any, row: Any, g: Any, logits: Any, targets: Any) -> Any:
    """g (softmax(x)_j sum_k t_k - t_j)"""
    return row.map(product, softmax_cross_entropy_derivative(m, row, logits, targets), g)


def label_cross_entropy_derivative(m: Any, row: Any, logits: Any, label: Any) -> Any:
    """softmax(x)_j, less 1 where j is the label"""
    top = row.fmax(logits)
    w, others, ties, _, *inverse = all_weights(m, row, logits, top)
    missing = row.map(complement, others, largest_of(m, row, top))
    return row.map(less_label, row.spot(logits, label), logits, w, *inverse, top, ties, missing)


def less_label(
    spot: Float, x: Float, w: Float, inverse: Float, rest: Float, top: Float, ties: Float, missing: Float
) -> Float:
    """p - spot; -(1 - p), where 1 - p is `missing`, for a label that is the sole winner"""
    T = type(x)
    certain = spot == T(1) and x == top and ties == T(1)
    return -missing if certain else share(w, inverse, rest) - spot


def label_cross_entropy_vjp(m: Any, row: Any, g: Any, logits: Any, label: Any) -> Any:
    """g softmax(x)_j, less g where j is the label"""
    return row.map(product, label_cross_entropy_derivative(m, row, logits, label), g)


along_axis(
    softmax_cross_entropy,
    signature="(n),(n)->()",
    aliases=("softmax_cross_entropy_with_logits",),
    split="targets",
    differentiated=1,
    derivative=softmax_cross_entropy_derivative,
    vjp=softmax_cross_entropy_vjp,
    labels={
        "value": label_cross_entropy,
        "derivative": label_cross_entropy_derivative,
        "vjp": label_cross_entropy_vjp,
    },
    exact=lambda m, x, t: -m.fsum(v * m.log(p) for v, p in zip(t, exact_softmax(m, x), strict=True) if v != 0),
    bounds={
        "float32": RowBound(
            RowError(3.5, at=((-4.601916790008545, 7.218740463256836, 5.1930437088012695), (0.0, 1.0, 0.0))),
            RowError(
                7.5,
                at=(
                    -1.9114142656326294,
                    (-0.001814383314922452, 0.0031795452814549208, 0.0026084487326443195, -0.0018143836641684175),
                    (0.4733729660511017, 0.3002416789531708, 0.12048638612031937, 0.10589895397424698),
                ),
            ),
        ),
        "float64": RowBound(
            RowError(3.6, at=((0.19208432658553382, -0.1557382264641862), (0.18006306742082673, 0.8199369325791732))),
            RowError(
                5.3,
                at=(
                    1.122518095004468,
                    (-118.95302324288653, -118.75028591277153, -118.84752986973184),
                    (0.6871495361508401, 0.15797245583833472, 0.15487800801082535),
                ),
            ),
        ),
    },
    special="A target of 0 costs nothing, also where its logit is -inf; NaN or +inf among the logits, or -inf "
    "everywhere, gives NaN.",
    vjp_scale=lambda m, g, x, t: [abs(g * w) for w in t],
    note="Targets are integers, the labels of the classes, with one axis less than the logits, or else probabilities "
    "of their shape. A loss keeps its digits where the label is all but certain.",
)
