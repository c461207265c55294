"""The command line: what it prints and writes, what it says of mistakes, and that it loses nothing on the way."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import numba_activations as act
from numba_activations.analysis import comparison, timing
from numba_activations.cli import COMMANDS, files, main
from numba_activations.records import ALONG_AXIS

QUICK = ["compare", "--dtype", "float32", "--peers", "numpy", "--seconds", "0.01"]


@pytest.fixture(autouse=True)
def few_points(monkeypatch):
    for dtype, points in {"float32": 1 << 12, "float64": 1 << 9}.items():
        monkeypatch.setitem(comparison.POINTS, dtype, points)
    for size in comparison.timing.SIZES:
        monkeypatch.setitem(comparison.timing.SIZES, size, 1 << 13)


@pytest.fixture
def saved(tmp_path):
    def save(array, name="x.npy"):
        np.save(tmp_path / name, array)
        return str(tmp_path / name)

    return save


def process(*arguments, **options):
    command = [sys.executable, "-m", "numba_activations", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


# What goes wrong: the files that a test needs are made by a function of the directory, which gives the arguments.
def _text(directory):
    (directory / "x.npy").write_text("1.5 2.5 3.5")
    return ["--input", str(directory / "x.npy")]


def _truncated(directory):
    np.save(directory / "x.npy", np.ones(1000))
    (directory / "x.npy").write_bytes((directory / "x.npy").read_bytes()[:500])
    return ["--input", str(directory / "x.npy")]


def _nothing(directory):
    (directory / "x.npy").write_bytes(b"")
    return ["--input", str(directory / "x.npy")]


def _several(directory):
    np.savez(directory / "x.npz", a=np.ones(2), b=np.ones(2))
    return ["--input", str(directory / "x.npz")]


def _array(array):
    def arguments(directory):
        np.save(directory / "x.npy", array, allow_pickle=True)
        return ["--input", str(directory / "x.npy")]

    return arguments


MISTAKES = {
    "missing": (lambda d: ["--input", str(d / "no.npy")], r"no\.npy does not exist"),
    "directory": (lambda d: ["--input", str(d)], r"is a directory"),
    "text": (_text, r"holds no array of numbers in NumPy's \.npy format: the magic string is not correct"),
    "truncated": (_truncated, r"x\.npy (holds no array of numbers|cannot be read)"),
    "nothing": (_nothing, r"holds no array of numbers"),
    "several arrays": (_several, r"holds several arrays"),
    "pickled": (_array(np.array([{}, "a"], object)), r"holds no array of numbers"),
    "integers": (_array(np.arange(3)), r"holds int64: it must hold float16, float32 or float64"),
    "complex": (_array(np.ones(3, complex)), r"holds complex128"),
    "strings": (_array(np.array(["a"])), r"holds str"),
    "empty": (_array(np.empty((0, 3))), r"is empty, shape \(0, 3\)"),
    "only NaN": (_array(np.full(4, np.nan)), r"holds only NaN"),
    "nothing finite": (_array(np.array([np.nan, np.inf])), r"holds only what is NaN or infinite"),
    "too large for the type": (_array(np.array([1e300])), r"holds only what is NaN or infinite in float32"),
    "unknown activation": (lambda _: ["--activation", "sigmiod"], r"no activation 'sigmiod': there are .*sigmoid"),
    "no time": (lambda _: ["--seconds", "0"], r"--seconds is 0: it must be more than 0"),
    "NaN time": (lambda _: ["--seconds", "nan"], r"--seconds is nan"),
    "endless time": (lambda _: ["--seconds", "inf"], r"--seconds is inf: it must be more than 0, and finite"),
    "no such folder": (lambda d: ["--json", str(d / "no" / "x.json")], r"no does not exist"),
    "folder for a file": (lambda d: ["--csv", str(d)], r"is a directory: give the name of a file"),
    "twice to stdout": (lambda _: ["--json", "--csv"], r"two formats for standard output"),
    "twice to a file": (lambda d: ["--json", str(d / "x"), "--csv", str(d / "x")], r"two results for one file"),
    "unknown picture": (lambda d: ["--plot", str(d / "x.bmp")], r"must end in \.svg, \.png or \.pdf"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_before_anything_is_measured(mistake, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("numba_activations.cli.compare.compare", lambda *_, **__: pytest.fail("it measures"))
    make, message = MISTAKES[mistake]
    arguments = [*QUICK, *make(tmp_path)]
    before = sorted(tmp_path.iterdir())
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.search(message, printed.err)
    assert printed.err.startswith("numba-activations: error: ")
    assert printed.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser can read and write everything")
def test_what_may_not_be_read_or_written_is_named(tmp_path, saved, capsys):
    path = Path(saved(np.ones(3)))
    path.chmod(0)
    assert main([*QUICK, "--input", str(path)]) == 2
    assert "cannot be read: Permission denied" in capsys.readouterr().err
    tmp_path.chmod(0o500)
    assert main([*QUICK, "--json", str(tmp_path / "x.json")]) == 2
    assert "nothing can be written" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "module"), [(QUICK, "rich"), (QUICK, "mpmath"), (["list"], "rich")])
def test_a_missing_extra_is_named(command, module, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, module, None)
    assert main(command) == 2
    assert f'this needs {module}: pip install "numba-activations[cli]"' in capsys.readouterr().err


def test_a_missing_extra_for_pictures_is_named(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main([*QUICK, "--plot", str(tmp_path / "x.svg")]) == 2
    assert "this needs matplotlib" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"numba-activations {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["no-such-command"], ["compare", "--no-such-option"], ["cache"]])
def test_wrong_usage_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: numba-activations" in capsys.readouterr().err


def test_compare_prints_every_tier_and_every_library(capsys):
    assert main(QUICK) == 0
    printed = capsys.readouterr()
    for name in ("default", "numpy", *act.approx.names()):
        assert re.search(rf"^ *{name} ", printed.out, flags=re.MULTILINE)
    assert "pre-activations of a small network" in printed.out
    assert "copyto" in printed.out
    assert printed.err == ""


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.linspace(-5, 5, 100, dtype="f2"), "100 numbers from x.npy"),
        (np.linspace(-5, 5, 100).astype(">f4"), "100 numbers from x.npy"),
        (np.asfortranarray(np.linspace(-5, 5, 100).reshape(10, 10)), "100 numbers from x.npy"),
        (np.array(1.5), "1 number from x.npy"),
        (np.array([1.0, np.nan]), "2 numbers from x.npy, 1 of them left out: not finite"),
        (np.array([1.0, np.nan, np.inf, -2.0]), "4 numbers from x.npy, 2 of them left out: not finite"),
    ],
)
def test_compare_measures_on_the_users_own_numbers(array, said, saved, capsys):
    assert main([*QUICK, "--input", saved(array), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["input"] == said
    finite = np.isfinite(array).sum()
    assert {m["on_input"]["points"] for m in found["measurements"]} == {finite}


@pytest.mark.parametrize("command", ["compare", "report"])
def test_a_library_that_is_not_installed_is_named(command, monkeypatch, capsys):
    monkeypatch.setattr("numba_activations.analysis.peers.installed", lambda: ("numpy",))
    assert main([command, "--peers", "numpy", "torch"]) == 2
    assert "error: torch is not installed here: install it" in capsys.readouterr().err


@pytest.mark.parametrize("width", [200, 120, 80, 60, 40])
def test_a_narrow_terminal_has_fewer_columns_and_whole_words(width, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # is a terminal
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    assert main([*QUICK, "--activation", "sigmoid"]) == 0
    printed = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, printed.splitlines())) <= width
    assert "…" not in printed
    assert re.search(r"^ .*max rel\. .*ns L2 ", printed, flags=re.MULTILINE)
    assert re.search(r"^ schraudolph_upper ", printed, flags=re.MULTILINE)


def test_compare_writes_what_it_measured(tmp_path, capsys):
    paths = {kind: tmp_path / f"x.{kind}" for kind in ("json", "csv", "markdown", "svg")}
    options = [part for kind in ("json", "csv", "markdown") for part in (f"--{kind}", str(paths[kind]))]
    assert main([*QUICK, "--activation", "sigmoid", *options, "--plot", str(paths["svg"])]) == 0
    assert sorted(tmp_path.iterdir()) == sorted(paths.values())
    found = json.loads(paths["json"].read_text())
    lines = list(csv.DictReader(io.StringIO(paths["csv"].read_text())))
    names = [m["name"] for m in found["measurements"]]
    assert [line["name"] for line in lines] == names
    assert {"default", "numpy", "u3"} <= set(names)
    for measured, line in zip(found["measurements"], lines, strict=True):
        assert float(line["anywhere_max_ulp"]) == pytest.approx(float(measured["anywhere"]["max_ulp"]))
        assert float(line["ns_L1"]) == pytest.approx(measured["nanoseconds"]["L1"])
    markdown, picture = paths["markdown"].read_text(), paths["svg"].read_text()
    for name in names:
        assert f"| {name} |" in markdown
        assert f">{name}<" in picture
    for size in timing.SIZES:
        assert f"input and output in {size}<" in picture
    assert "sigmoid" in capsys.readouterr().out  # the tables are printed too


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_compare_draws(kind, start, tmp_path):
    assert main([*QUICK, "--plot", str(tmp_path / f"x.{kind}")]) == 0
    assert (tmp_path / f"x.{kind}").read_bytes().startswith(start)


def test_interrupted_it_leaves_files_as_they_were(tmp_path, monkeypatch, capsys):
    path = tmp_path / "x.json"
    path.write_text("before")

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("numba_activations.cli.compare.compare", interrupted)
    assert main([*QUICK, "--json", str(path)]) == 130
    assert capsys.readouterr().err.endswith("interrupted\n")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "before"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_file_is_written_whole_or_not_at_all(error, tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    path.write_text("before")

    def fails(*_):
        raise error

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises((KeyboardInterrupt, files.UserError)):
        files.write(path, "after")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "before"


@pytest.mark.parametrize("options", [[], ["--markdown"]])
def test_list_has_every_name(options, capsys):
    assert main(["list", *options]) == 0
    printed = capsys.readouterr().out
    for name in (*act.catalogue, *ALONG_AXIS, *act.approx.names()):
        assert name in printed


def test_list_has_bounds_and_speeds_of_both_types(capsys):
    assert main(["list", "--markdown"]) == 0
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines()]
    for name in ("sigmoid", "softmax"):
        *_, bounds, speeds, others, times = next(line for line in lines if line[0] == f"| {name}")
        assert all(float(each) > 0 for each in (*bounds.split(" / "), *others.split(" / ")))
        assert float(speeds.split(" / ")[0]) > 0
        assert float(times.strip(" |").split(" / ")[0]) > 0


def test_the_cache_is_filled_shown_and_emptied(tmp_path, monkeypatch, capsys):
    environment = {**os.environ, "NUMBA_ACTIVATIONS_CACHE_DIR": str(tmp_path / "cache")}
    warm = ["cache", "warm", "relu", "--variant", "value"]
    assert process(*warm, env=environment).stdout == "1 functions are ready, 1 of them compiled now\n"
    assert process(*warm, env=environment).stdout == "1 functions are ready, 0 of them compiled now\n"
    monkeypatch.setenv("NUMBA_ACTIVATIONS_CACHE_DIR", str(tmp_path / "cache"))
    assert main(["cache", "info"]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'cache'}\n1 entries, 0.0 MB")
    assert main(["cache", "clear"]) == 0
    assert capsys.readouterr().out == f"1 entries removed from {tmp_path / 'cache'}\n"
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("name", ["softmax", "softmax_cross_entropy"])
def test_what_works_along_an_axis_is_kept_too(name, tmp_path):
    environment = {**os.environ, "NUMBA_ACTIVATIONS_CACHE_DIR": str(tmp_path / "cache")}
    warm = ["cache", "warm", name, "--variant", "value", "--tier", "r1e4"]
    assert process(*warm, env=environment).stdout == "1 functions are ready, 1 of them compiled now\n"
    assert process(*warm, env=environment).stdout == "1 functions are ready, 0 of them compiled now\n"


@pytest.mark.skipif(sys.platform == "win32", reason="devices and links are of another kind on Windows")
def test_devices_and_links_stay_what_they_are(tmp_path):
    files.write(Path(os.devnull), "nothing")
    assert not Path(os.devnull).is_file()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for text in ("one", "two"):
        files.write(tmp_path / "link", text)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "target").read_text() == text


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are of another kind on Windows")
def test_a_cache_that_keeps_nothing_says_so(tmp_path, monkeypatch, capsys):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o775)
    monkeypatch.setenv("NUMBA_ACTIVATIONS_CACHE_DIR", str(tmp_path / "cache"))
    assert main(["cache", "warm", "relu"]) == 2
    said = f"nothing can be kept: {tmp_path / 'cache'} must belong to this user, and nobody else may write to it"
    assert said in capsys.readouterr().err
    assert main(["cache", "info"]) == 0
    assert capsys.readouterr().out == said + "\n"


def test_warming_nothing_that_exists_is_refused(capsys):
    assert main(["cache", "warm", "no_such_name"]) == 2
    assert "no function 'no_such_name'" in capsys.readouterr().err
    assert main(["cache", "warm", "relu", "--tier", "u3"]) == 2
    assert "there is no function of relu in u3" in capsys.readouterr().err
    assert main(["cache", "warm", "gelu", "softmax", "--variant", "parameter_derivative"]) == 2
    assert "there is no parameter_derivative of gelu, softmax in full" in capsys.readouterr().err


def test_it_starts_without_what_it_does_not_need():
    code = (
        "import sys; from numba_activations.cli import main\n"
        "try: main(['--version'])\n"
        "finally: print(*sorted({'numba', 'rich', 'matplotlib', 'mpmath', 'scipy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == f"numba-activations {act.__version__}\n\n"


@pytest.mark.skipif(os.name == "nt", reason="pipes of a shell")
@pytest.mark.parametrize(
    ("command", "first"),
    [
        ("list --markdown", "## Activations"),
        ("list", "Activations"),
        ("train --epochs 9999 --hidden", "1,438 examples"),
    ],
)
def test_a_reader_may_stop_early(command, first):
    pytest.importorskip("scipy")
    line = f"{sys.executable} -m numba_activations {command} | head -1"
    found = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith(first)


@pytest.mark.skipif(os.name == "nt", reason="a shell closes the file")
@pytest.mark.parametrize("command", ["list --markdown", "list"])
def test_there_may_be_no_standard_output(command):
    line = f"{sys.executable} -m numba_activations {command} >&-"
    found = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_behind_standard_output_is_named():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "numba_activations", "list", "--markdown"]
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert found.returncode == 2
    assert "numba-activations: error: standard output: No space left on device" in found.stderr
    assert "Traceback" not in found.stderr
