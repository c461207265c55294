"""What the scripts in tools/ made is what they make."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from numba_activations import data

TOOLS = Path(__file__).parents[1] / "tools"
WRITERS = ("fit_", "pack_", "train_", "write_")  # what begins with check_ proves something, in minutes
SCRIPTS = sorted(path.name for path in TOOLS.glob("*.py") if path.name.startswith(WRITERS))


def check(script):
    """Run a script with --check, on one thread: several that wait for each other are slow on small matrices."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(script), "--check"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("script", SCRIPTS)
def test_generated_files_are_what_their_script_gives(script):
    found = check(TOOLS / script)
    assert found.returncode == 0, found.stderr


def test_a_coefficient_that_was_changed_is_noticed(tmp_path):
    kernels = tmp_path / "src" / "numba_activations" / "kernels"
    kernels.mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    for path in TOOLS.glob("*.py"):
        (tmp_path / "tools" / path.name).write_bytes(path.read_bytes())
    text = (TOOLS.parent / "src" / "numba_activations" / "kernels" / "coefficients.py").read_text(encoding="utf-8")
    (kernels / "coefficients.py").write_text(text.replace('p-7")', 'p-8")', 1), encoding="utf-8")
    found = check(tmp_path / "tools" / "fit_exp.py")
    assert found.returncode == 1
    assert "run it" in found.stderr


def test_an_option_that_is_none_writes_nothing():
    command = [sys.executable, str(TOOLS / "pack_digits.py"), "--chek"]
    before = (TOOLS.parent / "src" / "numba_activations" / "data" / "digits.npz").stat()
    pytest.importorskip("sklearn")
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
    assert (TOOLS.parent / "src" / "numba_activations" / "data" / "digits.npz").stat() == before


def test_the_digits_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = data.digits()
    wanted = datasets.load_digits()
    np.testing.assert_array_equal(images * 16, wanted.data)
    np.testing.assert_array_equal(labels, wanted.target)


def test_the_network_knows_the_digits():
    logits = data.preactivations().reshape(1797, 42)[:, 32:]
    _, labels = data.digits()
    right = logits.argmax(axis=1) == labels
    assert right[:1500].mean() == 1.0
    assert right[1500:].mean() > 0.9


@pytest.mark.parametrize("shape", [(3, 8, 8), (1797, 64)])
def test_a_damaged_installation_is_named(shape, monkeypatch, tmp_path):
    np.savez(tmp_path / "digits.npz", images=np.zeros(shape, np.uint8), labels=np.zeros(shape[0], np.uint8))
    monkeypatch.setattr(data, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=r"digits\.npz holds .* install numba-activations again"):
        data.digits()
