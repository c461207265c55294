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
from .files import check_picture, check_writable, write


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_option(parser)
    parser.add_argument("--hidden", nargs="*", type=int, default=[128], metavar="N", help="units of each hidden layer")
    parser.add_argument(
        "--activation", nargs="+", default=["sigmoid"], metavar="NAME",
        help="of all hidden layers or of each: 'gelu', 'schraudolph.sigmoid', 'elu(0.5)', ...",
    )  # fmt: skip
    parser.add_argument("--epochs", type=int, default=5, metavar="N")
    parser.add_argument("--batch-size", type=int, default=64, metavar="N")
    parser.add_argument("--solver", choices=("adam", "sgd", "rmsprop"), default="adam")
    parser.add_argument("--learning-rate", type=float, default=0.001, metavar="R")
    parser.add_argument("--momentum", type=float, default=0.9, metavar="M", help="of sgd")
    parser.add_argument("--alpha", type=float, default=0.0001, metavar="A", help="strength of the L2 penalty")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed gives the same weights")
    parser.add_argument(
        "--test-fraction", type=float, default=0.2, metavar="F", help="held out where the data have no test part"
    )
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="write the weights, and what --resume needs, to an .npz"
    )
    parser.add_argument(
        "--resume", type=Path, metavar="FILE", help="go on with a saved training, up to --epochs in all"
    )
    parser.add_argument("--json", nargs="?", const=Path("-"), type=Path, metavar="FILE", help="write the numbers")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the confusion matrix: .svg, .png or .pdf")


def run(options: argparse.Namespace) -> None:
    """Read, train, report, save and draw."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the fastest for layers of some hundred units
    require("scipy", "train")
    require("rich")
    for path in (options.save, options.json if options.json != Path("-") else None):
        if path is not None:
            check_writable(path)
    if options.plot is not None:
        check_picture(options.plot)
    data = read_examples(options.data, options.dtype, options.test_fraction, options.seed)
    try:
        model = _model(options)
        history, interrupted = _train(model, data, options)
    except (OSError, ValueError, TypeError) as error:
        raise UserError(str(error)) from None
    if options.save is not None and hasattr(model, "coefs_"):
        model.save(options.save)
    if history:
        _report(model, data, history, options)
    if interrupted:
        raise KeyboardInterrupt


def _model(options: argparse.Namespace) -> Any:
    from ..training import MLPClassifier

    if options.resume is not None:
        model = MLPClassifier.load(options.resume)
        if model.n_iter_ >= options.epochs:
            raise UserError(f"{options.resume} was trained up to epoch {model.n_iter_} already: --epochs must be more")
        return model.set_params(max_iter=options.epochs)
    activation = options.activation[0] if len(options.activation) == 1 else options.activation
    return MLPClassifier(
        tuple(options.hidden),
        activation,
        solver=options.solver,
        alpha=options.alpha,
        batch_size=options.batch_size,
        learning_rate_init=options.learning_rate,
        momentum=options.momentum,
        max_iter=options.epochs,
        random_state=options.seed,
        tol=0.0,
        n_iter_no_change=np.inf,
    )


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
            output.print(str(warning.message), soft_wrap=True)
    return history, any(issubclass(warning.category, InterruptedWarning) for warning in caught)


def _report(model: Any, data: Data, history: list[dict[str, float]], options: argparse.Namespace) -> None:
    from ..training.pictures import confusion, training_figure

    *_, X_test, y_test = data
    matrix = confusion(y_test, model.predict(X_test), model.classes_)
    accuracy, seconds = history[-1]["test_accuracy"], sum(epoch["seconds"] for epoch in history)
    mistakes = matrix - np.diag(np.diag(matrix))
    true, found = np.unravel_index(mistakes.argmax(), mistakes.shape)
    if options.json != Path("-"):
        from .terminal import console

        output = console()
        output.print(f"\n{accuracy:.2%} of the test examples are right after {seconds:.2f} s of training.")
        if mistakes.any():
            pair = f"{model.classes_[true]} for {model.classes_[found]}"
            output.print(f"Most often taken: {pair}, {mistakes.max()} times of {matrix[true].sum()}.")
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
