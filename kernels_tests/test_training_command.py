"""`numba-activations train`, and the files of MNIST."""

import gzip
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from numba_activations.analysis.confusion import confusion
from numba_activations.cli import main
from numba_activations.cli.examples import read_examples
from numba_activations.data import digits
from numba_activations.training import MLPClassifier
from numba_activations.training.idx import read_idx, read_mnist

pytest.importorskip("scipy")
pytest.importorskip("rich")

MNIST = os.environ.get("NUMBA_ACTIVATIONS_MNIST")
NAMES = {
    "train-images-idx3-ubyte": "images",
    "train-labels-idx1-ubyte": "labels",
    "t10k-images-idx3-ubyte": "images",
    "t10k-labels-idx1-ubyte": "labels",
}


def idx(array: np.ndarray, kind: int = 0x08) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def small(tmp_path):
    """A directory in MNIST's form: the digits, some files gzipped, some not."""
    images, labels = digits()
    contents = {"images": (images * 16).astype(np.uint8).reshape(-1, 8, 8) * 15, "labels": labels.astype(np.uint8)}
    for k, (name, what) in enumerate(NAMES.items()):
        content = idx(contents[what][:1500] if "train" in name else contents[what][1500:])
        if k % 2:
            (tmp_path / name).write_bytes(content)
        else:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    return tmp_path


# The files


@pytest.mark.parametrize(
    ("kind", "dtype"), [(0x08, ">u1"), (0x09, ">i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")]
)
@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4)])
def test_every_type_and_shape_is_read(tmp_path, kind, dtype, shape):
    array = np.arange(np.prod(shape, dtype=int)).astype(dtype).reshape(shape)
    (tmp_path / "a").write_bytes(idx(array, kind))
    found = read_idx(tmp_path / "a")
    np.testing.assert_array_equal(found, array)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")


def test_mnist_is_read_gzipped_or_not(small):
    X, y, X_test, y_test = read_mnist(small)
    images, labels = digits()
    np.testing.assert_array_equal(np.vstack([X, X_test]), (images * 240).astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(np.concatenate([y, y_test]), labels)


def _cut(content: bytes) -> bytes:
    return content[:-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_cut, "is truncated: it has 1507 bytes, its header says 1508"),
        (lambda content: content + b"\0", "is too long"),
        (lambda content: content[:3], "is no IDX file: its magic number is 0x000008"),
        (lambda content: content[:6], "its header alone 8"),
        (lambda content: b"\x89PNG" + content[4:], "magic number is 0x89504e47"),
        (lambda content: b"", r"magic number is 0x\(none\)"),
        (lambda content: gzip.compress(content)[:-9], "damaged or truncated"),
        (lambda content: idx(np.zeros((1500, 1), np.uint8)), "uint8 in 2 dimensions: it should be uint8 in 1"),
        (lambda content: idx(np.zeros(1500, ">i4"), 0x0C), "holds int32 in 1"),
        (lambda content: idx(np.zeros(1499, np.uint8)), "1500 images and 1499 labels to train"),
    ],
)
def test_a_wrong_file_is_an_error_that_says_why(small, change, message, capsys):
    path = small / "train-labels-idx1-ubyte"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=message):
        read_mnist(small)
    assert main(["train", "--data", f"mnist:{small}"]) == 2
    assert "error" in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path, capsys):
    assert main(["train", "--data", f"mnist:{tmp_path}"]) == 2
    assert f"{tmp_path} has no train-images-idx3-ubyte, nor train-images-idx3-ubyte.gz" in capsys.readouterr().err


# The command


def test_it_trains_on_mnist_prints_saves_and_draws(small, capsys):
    pytest.importorskip("matplotlib")
    command = ["train", "--data", f"mnist:{small}", "--epochs", "4", "--learning-rate", "0.02", "--hidden", "24"]
    outputs = ["--save", str(small / "w.npz"), "--plot", str(small / "p.svg"), "--json", str(small / "r.json")]
    assert main([*command, *outputs]) == 0
    printed = capsys.readouterr().out
    result = json.loads((small / "r.json").read_text())
    assert [epoch["epoch"] for epoch in result["epochs"]] == [1, 2, 3, 4]
    accuracy = result["epochs"][-1]["test_accuracy"]
    assert accuracy > 0.8
    assert f"{accuracy:.2%} of the test examples are right" in printed
    matrix = np.array(result["confusion"])
    assert np.trace(matrix) / matrix.sum() == pytest.approx(accuracy)
    model = MLPClassifier.load(small / "w.npz")
    *_, X_test, y_test = read_mnist(small)
    assert model.score(X_test, y_test) == accuracy
    assert "Confusion matrix, 297 test examples" in (small / "p.svg").read_text()


def test_resuming_gives_the_weights_of_a_training_in_one_go(tmp_path):
    common = ["train", "--hidden", "8", "6", "--activation", "tanh", "schraudolph.sigmoid", "--solver", "rmsprop"]
    whole, part = str(tmp_path / "whole.npz"), str(tmp_path / "part.npz")
    assert main([*common, "--epochs", "4", "--save", whole]) == 0
    assert main([*common, "--epochs", "2", "--save", part]) == 0
    assert main([*common, "--epochs", "3", "--resume", part, "--save", part]) == 0
    assert main(["train", "--epochs", "4", "--resume", part, "--save", part]) == 0
    for a, b in zip(MLPClassifier.load(whole).coefs_, MLPClassifier.load(part).coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


def test_resuming_holds_out_the_same_part_in_the_same_type(tmp_path):
    whole, part, numbers = (str(tmp_path / name) for name in ("whole.npz", "part.npz", "r.json"))
    common = ["train", "--hidden", "8", "--dtype", "float64", "--seed", "3"]
    assert main([*common, "--epochs", "4", "--save", whole, "--json", numbers]) == 0
    accuracies = [epoch["test_accuracy"] for epoch in json.loads(Path(numbers).read_text())["epochs"]]
    assert main([*common, "--epochs", "2", "--save", part]) == 0
    assert main(["train", "--epochs", "4", "--resume", part, "--save", part, "--json", numbers]) == 0
    assert [epoch["test_accuracy"] for epoch in json.loads(Path(numbers).read_text())["epochs"]] == accuracies[2:]
    for a, b in zip(MLPClassifier.load(whole).coefs_, MLPClassifier.load(part).coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--hidden", "9"], "--hidden is 9: {} was trained with 8"),
        (["--activation", "tanh", "relu"], "--activation is tanh relu: {} was trained with sigmoid"),
        (["--learning-rate", "1"], "--learning-rate is 1.0: {} was trained with 0.001"),
        (["--dtype", "float64"], "--dtype is float64: {} was trained with float32"),
        (["--seed", "1"], "--seed is 1: {} was trained with 0"),
    ],
)
def test_a_training_is_not_resumed_as_another(tmp_path, capsys, given, message):
    saved = tmp_path / "w.npz"
    assert main(["train", "--epochs", "1", "--hidden", "8", "--save", str(saved)]) == 0
    assert main(["train", "--epochs", "2", "--resume", str(saved), *given]) == 2
    assert message.format(saved) in capsys.readouterr().err


def test_a_diverged_training_writes_its_numbers_and_warns_beside_them(capsys):
    assert main(["train", "--solver", "sgd", "--learning-rate", "1e30", "--epochs", "2", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["epochs"] == []
    assert "The loss is not finite in epoch 1" in printed.err


def test_labels_may_be_any_text(tmp_path, capsys):
    images, labels = digits()
    np.savez(tmp_path / "[b].npz", X=images[:300], y=np.array(["[red]x", "[/]", "a"])[labels[:300] % 3])
    command = ["train", "--epochs", "1", "--hidden", "4", "--json", str(tmp_path / "r.json")]
    assert main([*command, "--data", str(tmp_path / "[b].npz")]) == 0
    assert re.search(r"taken: (\[red\]x|\[/\]|a) for (\[red\]x|\[/\]|a), ", capsys.readouterr().out)
    assert "[b].npz" in json.loads((tmp_path / "r.json").read_text())["data"]


def test_it_resumes_what_the_estimator_began(tmp_path):
    pytest.importorskip("matplotlib")
    images, labels = digits()
    np.savez(tmp_path / "d.npz", X=images[labels < 2], y=labels[labels < 2])
    X, y, *_ = read_examples(str(tmp_path / "d.npz"))
    model = MLPClassifier(hidden_layer_sizes=8, solver="sgd", max_iter=9, random_state=0)
    model.fit(X, y, callback=lambda *_: True).save(tmp_path / "w.npz")
    options = ["--epochs", "2", "--resume", str(tmp_path / "w.npz"), "--plot", str(tmp_path / "p.svg")]
    assert main(["train", "--data", str(tmp_path / "d.npz"), *options]) == 0
    assert "64-8-1 relu, sgd, d.npz" in (tmp_path / "p.svg").read_text()


@pytest.mark.parametrize(
    "names", [("X", "y"), ("X", "y", "X_test", "y_test"), ("x_train", "y_train", "x_test", "y_test")]
)
def test_it_trains_on_a_file_of_arrays(tmp_path, capsys, names):
    images, labels = digits()
    X, words = (images * 255).astype(np.uint8).reshape(-1, 8, 8), np.array(list("abcdefghij"))[labels]
    arrays = (X, words) if len(names) == 2 else (X[:1500], words[:1500], X[1500:], words[1500:])
    np.savez(tmp_path / "data.npz", **dict(zip(names, arrays, strict=True)))
    assert main(["train", "--data", str(tmp_path / "data.npz"), "--json", "--epochs", "2", "--hidden"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert len(result["epochs"]) == 2
    assert np.sum(result["confusion"]) == (359 if len(names) == 2 else 297)


def _with(**arrays):
    def make(directory):
        np.savez(directory / "d.npz", **arrays)
        return ["--data", str(directory / "d.npz")]

    return make


def _text(directory):
    (directory / "d.npz").write_text("no arrays")
    return ["--data", str(directory / "d.npz")]


def _torn(directory):
    options = _with(X=np.zeros((90, 20)), y=np.zeros(90))(directory)
    content = (directory / "d.npz").read_bytes()
    (directory / "d.npz").write_bytes(content[: len(content) // 2])
    return options


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda d: ["--data", "cifar"], "--data is cifar: it must be digits, mnist:DIRECTORY or an .npz file"),
        (lambda d: ["--data", str(d / "none.npz")], "does not exist"),
        (_text, "holds no arrays"),
        (_with(a=np.zeros(3)), "holds a: it must hold X and y"),
        (_with(X=np.zeros((9, 2)), y=np.zeros(9), X_test=np.zeros((9, 2))), "both or none"),
        (_with(X=np.zeros((9, 2)), y=np.zeros(8)), "9 examples and 8 labels"),
        (_with(X=np.full((9, 2), np.nan), y=np.arange(9) % 2), "X holds nan: all numbers must be finite in float32"),
        (_with(X=np.full((9, 2), 1e300), y=np.arange(9) % 2), "X holds 1e+300: all numbers must be finite in float32"),
        (_with(X=np.eye(9) * 1j, y=np.arange(9) % 2), "X is complex128 of shape (7, 9): it must be numbers"),
        (_with(X=np.eye(9), y=np.zeros(9)), "all examples have the label 0.0"),
        (_with(X=1.0, y=2), "X has shape () and y (): each must have a row for each example"),
        (_with(X=np.eye(9), y=np.eye(9, dtype=int)), "y has shape (7, 9): it must have one label for each of 7 rows"),
        (_with(X=np.eye(4), y=[0, 2, 0, 2], X_test=np.eye(4), y_test=[0, 1, 2, 5]), "y_test has the labels [1, 5]"),
        (_with(X=np.eye(4), y=[0, 2, 0, 2], X_test=np.eye(4), y_test=[0]), "y_test has shape (1,)"),
        (_torn, "holds no arrays"),
        (lambda d: ["--activation", "sigmod"], "did you mean sigmoid"),
        (lambda d: ["--hidden", "0"], "sizes are (64, 0, 10)"),
        (lambda d: ["--epochs", "0"], "'max_iter'"),
        (lambda d: ["--learning-rate", "-1"], "'learning_rate_init'"),
        (lambda d: ["--test-fraction", "1"], "--test-fraction is 1.0"),
        (lambda d: ["--resume", str(d / "none.npz")], "none.npz"),
        (lambda d: ["--plot", str(d / "p.gif")], "the name must end in"),
        (lambda d: ["--save", str(d / "no" / "w.npz")], "cannot be written there"),
        (lambda d: ["--save", str(d / "a"), "--json", str(d / "a")], "a is given twice, of --save, --json and --plot"),
    ],
)
def test_a_mistake_is_answered_with_what_would_be_right(tmp_path, capsys, make, message):
    assert main(["train", "--epochs", "1", *make(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT to send to one process")
def test_ctrl_c_saves_what_there_is(tmp_path, ctrl_c):
    command = [
        sys.executable,
        "-m",
        "numba_activations",
        "train",
        "--epochs",
        "100000",
        "--save",
        str(tmp_path / "w.npz"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.split()[0] == "3":
            break
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert "of the test examples are right" in out
    assert MLPClassifier.load(tmp_path / "w.npz").n_iter_ >= 3


def test_the_confusion_matrix_counts_true_rows_and_predicted_columns():
    matrix = confusion(np.array(["a", "a", "c"]), np.array(["a", "b", "b"]), np.array(["a", "b", "c"]))
    np.testing.assert_array_equal(matrix, [[1, 1, 0], [0, 0, 0], [0, 1, 0]])


@pytest.mark.skipif(MNIST is None, reason="NUMBA_ACTIVATIONS_MNIST names no directory of the four files")
def test_a_sigmoid_network_reads_handwriting():
    """784-128-10 with sigmoid: 97.5 % of MNIST's test examples."""
    X, y, X_test, y_test = read_mnist(MNIST)
    model = MLPClassifier((128,), "sigmoid", solver="sgd", learning_rate_init=0.1, batch_size=32, random_state=0)
    model.fit(X, y, callback=lambda epoch, _: epoch == 10)
    assert model.score(X_test, y_test) >= 0.975
