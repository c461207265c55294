"""The example of CONTRIBUTING.md: one block, and there is all the rest."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the project with the example's block in its place."""
    place = tmp_path_factory.mktemp("project")
    for part in ("src", "kernels_tests", "perf"):
        shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"appended to `kernels/piecewise.py`:\n\n```python\n(.*?)```", text, re.DOTALL).group(1)
    kernels = place / "src" / "numba_activations" / "kernels" / "piecewise.py"
    kernels.write_text(kernels.read_text(encoding="utf-8") + "\n\n" + block, encoding="utf-8")
    return place


def run(copy, *command):
    environment = {**os.environ, "PYTHONPATH": str(copy / "src")}
    command = [sys.executable, "-B", *command]
    found = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-3000:]
    return found.stdout


def test_its_functions_are_there(copy):
    code = "import numba_activations as act; print(act.triangle(0.25), act.derivative.triangle(0.25), act.__file__)"
    value, slope, place = run(copy, "-c", code).split()
    assert (float(value), float(slope)) == (0.75, -1.0)
    assert place.startswith(str(copy))


def collected(copy, folder):
    found = run(copy, "-m", "pytest", folder, "--collect-only", "-q", "-p", "no:cacheprovider", "-k", "triangle")
    return found.count("triangle")


def test_its_tests_are_there(copy):
    assert collected(copy, "kernels_tests") > 40


def test_its_benchmarks_are_there(copy):
    pytest.importorskip("pytest_benchmark")
    assert collected(copy, "perf") > 3


def test_its_tests_pass(copy):
    chosen = "triangle and (kink or limits or exact_formula or bound)"
    files = ["kernels_tests/test_catalogue.py", "kernels_tests/test_accuracy.py"]
    assert re.search(r"\d+ passed", run(copy, "-m", "pytest", *files, "-q", "-p", "no:cacheprovider", "-k", chosen))


def test_its_line_of_the_list_is_there(copy):
    assert "max(1 - abs(x), 0)" in run(copy, "-m", "numba_activations", "list", "--markdown")
