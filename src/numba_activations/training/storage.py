"""Estimators in files: arrays and JSON in an .npz, no pickle."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from ..engine.whole import replacing
from .compiled import State
from .network import LayerActivation, Network, Parameters

_FORMAT = 1
_PLAIN = (
    "n_features_in_", "n_layers_", "n_outputs_", "n_iter_", "t_", "out_activation_", "loss_", "best_loss_",
    "loss_curve_", "validation_scores_", "best_validation_score_", "_no_improvement", "_rate", "_position", "_partial",
    "_rows",
)  # fmt: skip
_ARRAYS = ("classes_", "feature_names_in_", "_validation")  # where the estimator has them


def _simple(value: Any) -> Any:
    """A parameter as JSON has it; a generator or a callable is left out, for its state is kept elsewhere."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple | range):
        return [_simple(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else None


def save(path: Path, model: Any) -> None:
    """Write an estimator, whole or not at all."""
    network, state = model._parameters.network, model._state
    header = {
        "format": _FORMAT,
        "estimator": type(model).__name__,
        "parameters": {name: _simple(value) for name, value in model.get_params().items()},
        "network": [network.sizes, [str(a) for a in network.activations], network.loss, network.dtype.name],
        "generator": model._generator.bit_generator.state,
        "fitted": {name: _simple(getattr(model, name)) for name in _PLAIN},
    }
    arrays = {
        "header": np.array(json.dumps(header, default=_encode_array)),
        "parameters": model._parameters.vector,
        "first": state.first,
        "second": state.second,
        "updates": state.updates,
    }
    if model._best is not None:
        arrays["best"] = model._best.vector
    for name in _ARRAYS:
        if getattr(model, name, None) is not None:
            array = np.asarray(getattr(model, name))
            arrays[name] = _without_objects(name, array) if array.dtype == object else array
    with replacing(path) as file:
        np.savez(file, **arrays)


def _without_objects(name: str, array: Any) -> Any:
    """An array of Python's strings, or of numbers of one type, as one that needs no pickle."""
    kinds = {type(item) for item in array}
    if all(issubclass(kind, str) for kind in kinds):
        return np.array(array.tolist(), np.str_)
    if len(kinds) != 1 or not kinds <= {bool, int, float}:
        raise TypeError(f"{name} is {array.tolist()}: only strings, or numbers of one type, can be saved")
    return np.array(array.tolist())


def _encode_array(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):  # in the state of some bit generators
        return {"array": value.tolist(), "dtype": value.dtype.name}
    raise TypeError(f"{value!r} cannot be saved")


def _decode_array(value: dict[str, Any]) -> Any:
    return np.array(value["array"], value["dtype"]) if value.keys() == {"array", "dtype"} else value


def load(path: Path, kind: type) -> Any:
    """Read an estimator of the class `kind`."""
    content = path.read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        header = json.loads(str(arrays.pop("header")), object_hook=_decode_array)
        found = header["estimator"], header["format"]
        model = _restore(header, arrays, kind) if found == (kind.__name__, _FORMAT) else None
    except Exception as error:  # whatever the readers of zip, NumPy and JSON raise for what is none of theirs
        raise ValueError(f"{path} is damaged, or was not written by {kind.__name__}.save: {error}") from error
    if model is None:
        raise ValueError(
            f"{path} holds a {found[0]} of format {found[1]}: it should be a {kind.__name__} of format {_FORMAT}"
        )
    return model


def _restore(header: dict[str, Any], arrays: dict[str, Any], kind: type) -> Any:
    model = kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in header["parameters"].items()})
    sizes, activations, loss, dtype = header["network"]
    network = Network(tuple(sizes), tuple(map(LayerActivation.parse, activations)), loss, np.dtype(dtype))
    model._parameters = Parameters(network, arrays.pop("parameters"))
    model._best = Parameters(network, arrays.pop("best")) if "best" in arrays else None
    model._state = State(arrays.pop("first"), arrays.pop("second"), arrays.pop("updates"))
    model._state.check(model._parameters)
    bits = getattr(np.random, header["generator"]["bit_generator"])()
    bits.state = header["generator"]
    model._generator = np.random.Generator(bits)
    model._validation = None
    for name, value in (header["fitted"] | arrays).items():
        setattr(model, name, value)
    return model
