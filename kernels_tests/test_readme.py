"""The README, and the examples in docstrings, say what is so."""

import contextlib
import doctest
import importlib
import pkgutil
import re
import shlex
from pathlib import Path

import pytest

import numba_activations as act
from numba_activations.cli import COMMANDS

README = Path(__file__).parents[1] / "README.md"


def test_its_examples_give_what_it_shows():
    failed, tried = doctest.testfile(str(README), module_relative=False)
    assert tried > 10
    assert failed == 0


MODULES = [act.__name__, *(found.name for found in pkgutil.walk_packages(act.__path__, f"{act.__name__}."))]


@pytest.mark.parametrize("module", [name for name in MODULES if not name.endswith("__main__")])
def test_examples_in_docstrings_give_what_they_show(module):
    with contextlib.suppress(ModuleNotFoundError):  # of an extra that is not installed
        assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_its_commands_exist():
    named = re.findall(r"numba-activations ([a-z]+)", README.read_text(encoding="utf-8"))
    assert named
    assert set(named) <= set(COMMANDS)


def test_it_gives_two_commands_for_a_clone():
    commands = re.findall(r"^```sh\n(.*?)\n```$", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    main, test = (shlex.split(command) for command in commands)
    assert main[:5] == ["python", "-m", "pip", "install", ".[cli,train]"]
    assert main[5:7] == ["&&", "numba-activations"]
    assert test[:5] == ["python", "-m", "pip", "install", "-e"]
    assert test[7:10] == ["python", "-m", "pytest"]
