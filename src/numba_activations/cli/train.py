"""Train a classifier with the compiled loop, and show how it went."""

import argparse
import json
import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import UserError, require
from .examples import Data, add_option, read_examples
from .files import check_picture, check_writable, given_twice, write

# What a saved training has, so that --resume needs none of it: options and defaults.
OF_MODEL: dict[str, Any] = {
    "hidden": [128],
    "activation": ["sigmoid"],
    "batch_size": 64,
    "solver": "adam",
    "learning_rate": 0.001,
    "momentum": 0.9,
    "alpha": 0.0001,
    "dtype": "float32",
    "seed": 0,
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_option(parser)
    parser.add_argument(
        "--epochs", type=int, default=5, metavar="N", help="how often all examples are seen (default: 5)"
    )

    def of_model(name: str, meaning: str, **options: Any) -> None:
        default = OF_MODEL[name.replace("-", "_")]
        usual = " ".join(map(str, default if isinstance(default, list) else [default]))
        parser.add_argument(f"--{name}", help=f"{meaning} (default: {usual})", **options)

    of_model("hidden", "units of each hidden layer", nargs="*", type=int, metavar="N")
    spelled = "of all hidden layers or of each: 'gelu', 'schraudolph.sigmoid', 'elu(0.5)', ..."
    of_model("activation", spelled, nargs="+", metavar="NAME")
    of_model("batch-size", "examples of each step", type=int, metavar="N")
    of_model("solver", "how a step is chosen", choices=("adam", "sgd", "rmsprop"))
    of_model("learning-rate", "how large a step is", type=float, metavar="R")
    of_model("momentum", "of sgd", type=float, metavar="M")
    of_model("alpha", "strength of the L2 penalty", type=float, metavar="A")
    of_model("dtype", "the type of all numbers", choices=("float32", "float64"))
    of_model("seed", "the same seed gives the same weights", type=int, metavar="N")
    parser.add_argument(
        "--test-fraction", type=float, default=0.2, metavar="F",
        help="held out where the data have no test part; with --resume the same as before (default: 0.2)",
    )  # fmt: skip
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="write the weights, and what --resume needs, to an .npz"
    )
    parser.add_argument(
        "--resume", type=Path, metavar="FILE",
        help="go on with a saved training of the same data, up to --epochs in all; the file has the other options",
    )  # fmt: skip
    parser.add_argument("--json", nargs="?", const=Path("-"), type=Path, metavar="FILE", help="write the numbers")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the confusion matrix: .svg, .png or .pdf")


def run(options: argparse.Namespace) -> None:
    """Read, train, report, save and draw."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the fastest for layers of some hundred units
    require("scipy", "train")
    require("rich")
    _check_files(options)
    try:
        model, dtype = _model(options)
        seed = model.random_state if isinstance(model.random_state, int) else OF_MODEL["seed"]
        data = read_examples(options.data, dtype, options.test_fraction, seed)
        history, interrupted = _train(model, data, options)
    except BrokenPipeError:
        raise
    except (OSError, ValueError, TypeError) as error:
        raise UserError(str(error)) from None
    if options.save is not None and hasattr(model, "coefs_"):
        model.save(options.save)
    if hasattr(model, "coefs_"):
        _report(model, data, history, options)
    if interrupted:
        raise KeyboardInterrupt


def _check_files(options: argparse.Namespace) -> None:
    if options.plot is not None:
        check_picture(options.plot)
    written = [path for path in (options.save, options.json, options.plot) if path not in (None, Path("-"))]
    for path in written:
        check_writable(path)
    if (twice := given_twice(written)) is not None:
        raise UserError(f"{twice} is given twice, of --save, --json and --plot: each needs a file of its own")


def _model(options: argparse.Namespace) -> tuple[Any, str]:
    """The estimator, and the type of its numbers."""
    from ..training import MLPClassifier

    given = {name: value for name in OF_MODEL if (value := getattr(options, name)) is not None}
    if options.resume is not None:
        model = MLPClassifier.load(options.resume)
        for name, value in given.items():
            if _plain(value) != (had := _had(model, name)):
                option = f"--{name.replace('_', '-')}"
                raise UserError(f"{option} is {_text(_plain(value))}: {options.resume} was trained with {_text(had)}")
        if model.n_iter_ >= options.epochs:
            raise UserError(f"{options.resume} was trained up to epoch {model.n_iter_} already: --epochs must be more")
        return model.set_params(max_iter=options.epochs), _text(_had(model, "dtype"))
    chosen = OF_MODEL | given
    names = chosen["activation"]
    model = MLPClassifier(
        tuple(chosen["hidden"]),
        names[0] if len(names) == 1 else names,
        solver=chosen["solver"],
        alpha=chosen["alpha"],
        batch_size=chosen["batch_size"],
        learning_rate_init=chosen["learning_rate"],
        momentum=chosen["momentum"],
        max_iter=options.epochs,
        random_state=chosen["seed"],
        tol=0.0,
        n_iter_no_change=np.inf,
    )
    return model, chosen["dtype"]


def _had(model: Any, name: str) -> tuple[Any, ...]:
    """What a model has where the command has an option."""
    if name == "dtype":
        return (model._parameters.network.dtype.name,)
    other = {"hidden": "hidden_layer_sizes", "learning_rate": "learning_rate_init", "seed": "random_state"}
    return _plain(getattr(model, other.get(name, name)))


def _plain(value: Any) -> tuple[Any, ...]:
    """One or several values as a tuple."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _text(values: tuple[Any, ...]) -> str:
    return " ".join(map(str, values))


def _network(model: Any, X: NDArray[Any], y: NDArray[Any]) -> Any:
    """The network that the training will have."""
    from ..training import Network

    if hasattr(model, "coefs_"):
        return model._parameters.network
    classes = len(np.unique(y))
    outputs, loss = (1, "binary_cross_entropy") if classes == 2 else (max(classes, 1), "cross_entropy")
    return Network.of((X.shape[1], *model.hidden_layer_sizes, outputs), model.activation, loss, X.dtype)


def _train(model: Any, data: Data, options: argparse.Namespace) -> tuple[list[dict[str, float]], bool]:
    """Numbers of each epoch, which are printed as they come, and whether Ctrl-C ended it."""
    from rich.progress import Progress

    from ..training.core import prepare
    from ..training.validation import ConvergenceWarning, InterruptedWarning, known
    from .terminal import console

    X, y, X_test, y_test = data
    output = console()
    quiet = options.json == Path("-")
    history: list[dict[str, float]] = []
    with (
        warnings.catch_warnings(record=True) as caught,
        Progress(console=output, transient=True, disable=quiet or not output.is_terminal) as progress,
    ):
        warnings.simplefilter("always")
        task = progress.add_task("compiling", total=options.epochs)
        prepare(_network(model, X, y))
        progress.update(task, description="training")
        if not quiet:
            output.print(f"{len(X):,} examples to train, {len(X_test):,} to test, {X.shape[1]} numbers each")
            output.print("epoch      loss  test accuracy   seconds  examples/s")
        begun = time.perf_counter()

        def epoch_is_done(epoch: int, model: Any) -> None:
            nonlocal begun
            seconds = time.perf_counter() - begun
            accuracy = model.score(X_test, y_test)
            history.append({"epoch": epoch, "loss": model.loss_, "test_accuracy": accuracy, "seconds": seconds})
            if not quiet:
                speed = len(X) / seconds
                output.print(f"{epoch:5}  {model.loss_:8.5f}  {accuracy:13.2%}  {seconds:8.3f}  {speed:10,.0f}")
            progress.update(task, completed=epoch)
            begun = time.perf_counter()

        (model.fit if options.resume is None else model.resume)(X, y, callback=epoch_is_done)
    for warning in caught:  # that all epochs were done is no news
        if not issubclass(warning.category, known(ConvergenceWarning)) or model.n_iter_ < options.epochs:
            (console(stderr=True) if quiet else output).print(str(warning.message), soft_wrap=True)
    return history, any(issubclass(warning.category, InterruptedWarning) for warning in caught)


def _report(model: Any, data: Data, history: list[dict[str, float]], options: argparse.Namespace) -> None:
    from ..analysis.confusion import confusion, training_figure

    *_, X_test, y_test = data
    matrix = confusion(y_test, model.predict(X_test), model.classes_)
    accuracy, seconds = np.trace(matrix) / matrix.sum(), sum(epoch["seconds"] for epoch in history)
    mistakes = matrix - np.diag(np.diag(matrix))
    true, found = np.unravel_index(mistakes.argmax(), mistakes.shape)
    if options.json is not None:
        result = {"estimator": repr(model), "data": options.data, "epochs": history, "confusion": matrix.tolist()}
        write(options.json, json.dumps(result, indent=1) + "\n")
    if options.plot is not None:
        from ..analysis.plots import image

        network = model._parameters.network
        sizes, names = "-".join(map(str, network.sizes)), ", ".join(dict.fromkeys(map(str, network.activations)))
        title = f"{sizes} {names}, {model.solver}, {Path(options.data).name}: {accuracy:.2%} right"
        losses, accuracies = ([epoch[k] for epoch in history] for k in ("loss", "test_accuracy"))
        figure = training_figure(matrix, model.classes_, losses, accuracies, title)
        write(options.plot, image(figure, options.plot.suffix[1:]))
    if options.json != Path("-"):
        from .terminal import console

        output = console()
        output.print(f"\n{accuracy:.2%} of the test examples are right after {seconds:.2f} s of training.")
        if mistakes.any():
            pair = f"{model.classes_[true]} for {model.classes_[found]}"
            output.print(f"Most often taken: {pair}, {mistakes.max()} times of {matrix[true].sum()}.")
