"""The README says what is so."""

import doctest
import re
import shlex
from pathlib import Path

from numba_activations.cli import COMMANDS

README = Path(__file__).parents[1] / "README.md"


def test_its_examples_give_what_it_shows():
    failed, tried = doctest.testfile(str(README), module_relative=False)
    assert tried > 10
    assert failed == 0


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
