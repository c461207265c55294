"""The docstrings of the public functions, written from the rows."""

from ..records import ACTIVATIONS, APPROXIMATIONS, HALVES, PARAMETER_ERROR, ROOT_ZONE, Activation, Approximation, Error
from ..tier_errors import reach, stated
from .keys import DEFAULT, Key
from .variants import VARIANTS


def documentation(key: Key) -> str:
    """The docstring of a function."""
    record, variant = ACTIVATIONS[key.name], VARIANTS[key.variant]
    result = ", ".join(["ndarray or scalar"] * variant.outputs)
    lines = [f"{variant.meaning}, where f(x) = {record.formula}", "", "Parameters", "----------"]
    lines += [f"{name} : array_like" for name in variant.arguments]
    lines += [f"{name} : array_like, default {default:.9g}" for name, default in record.parameters.items()]
    lines += ["out, where, casting, dtype, ...", "    As for every `numpy.ufunc`.", ""]
    lines += [
        "Returns",
        "-------",
        result,
        "    Of the broadcast shape of the arguments. float16 (computed in float32), float32",
    ]
    lines += [
        "    and float64 keep their type, bfloat16 too where ml_dtypes is installed; integers and booleans promote as"
    ]
    lines += ["    in `numpy.exp`.", ""]
    if record.rules:
        lines += ["Raises", "------", "ValueError", f"    Unless {', '.join(rule.text for rule in record.rules)}.", ""]
    lines += ["Notes", "-----"]
    lines += [_errors(record)] if key.tier == DEFAULT else _tier(key)
    (plus, slope), (minus, other) = record.limits.plus, record.limits.minus
    if key.tier == DEFAULT:
        if key.variant == "parameter_derivative":
            text = f"for many values of it: {PARAMETER_ERROR:g} ULP"
            lines += [f"Of the derivative with respect to {record.trainable}, {text}."]
        usual = "With the default parameters " if record.parameters else ""
        limits = f"f(inf) = {plus:g}, f'(inf) = {slope:g}, f(-inf) = {minus:g}, f'(-inf) = {other:g}"
        lines += [f"{usual}{limits}; NaN gives NaN."]
    lines += [record.note] if record.note else []
    return "\n".join(lines)


def _errors(record: Activation) -> str:
    stated = (f"{kind} {bound.value} and {bound.derivative}" for kind, bound in record.bounds.items())
    usual = ", for the default parameters as the type rounds them" if record.parameters else ""
    text = f"Largest error of value and derivative{usual}: {'; '.join(stated)}."
    if record.root is None:
        return text
    near = ", ".join(f"{bound.near_root} in {kind}" for kind, bound in record.bounds.items())
    return f"{text} Within {ROOT_ZONE:g} of {record.root:.4g}, where the derivative is 0, its error is {near}."


def _tier(key: Key) -> list[str]:
    tier = APPROXIMATIONS[key.tier]
    lines = [f"{exp_of(tier)} {tier.special}."]
    for kind in tier.bounds:
        value, derivative = (stated(tier.name, key.name, kind, half) for half in HALVES)
        if value is not None and derivative is not None:
            lines.append(
                f"What becomes of it in {kind} up to |x| = {reach(tier.name, kind):.7g}: an error of f(x) of "
                f"{_either(value)}, and of f'(x) of {_either(derivative)}."
            )
    return lines


def exp_of(tier: Approximation) -> str:
    """What is said of the exp of a tier in all that is built on it."""
    ends = {kind: f"x = {low:.6g} to {high:.6g}" for kind, (low, high) in tier.interval.items()}
    errors = ", ".join(f"{error} in {kind} for {ends[kind]}" for kind, error in tier.bounds.items())
    return f"exp of tier {tier.name!r}: {tier.method}. Its largest error: {errors}."


def _either(errors: tuple[Error, ...]) -> str:
    return " and ".join(map(str, errors)) or "any size"
