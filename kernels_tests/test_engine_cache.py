"""The object cache loads what it wrote itself and nothing else, and is never needed."""

import os
import signal
import stat
import sys
from pathlib import Path

import pytest
from processes import finish, run, start

from numba_activations.engine import cache

SOFTSIGN = """
    import numba_activations as act
    print(float(act.softsign(3.0)))
"""
NAME, CODE = cache.key("test"), bytes(range(256)) * 20
posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions are of another kind on Windows")


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """A cache directory that does not exist yet."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "parent" / "cache"))
    return tmp_path / "parent" / "cache"


def only_entry(directory):
    (entry,) = directory.iterdir()
    return entry


def test_an_entry_comes_back_as_it_was(directory):
    assert cache.load(NAME) is None
    assert cache.store(NAME, CODE)
    assert cache.load(NAME) == CODE
    assert cache.entries() == [only_entry(directory)]
    assert cache.clear() == 1
    assert cache.load(NAME) is None
    assert cache.clear() == 0


DAMAGES = {
    "truncated": lambda content: content[:-1],
    "cut to its head": lambda content: content[:120],
    "empty": lambda content: b"",
    "longer": lambda content: content + b"\0",
    "one bit flipped": lambda content: content[:-100] + bytes([content[-100] ^ 1]) + content[-99:],
    "another program's": lambda content: b"\x7fELF" + content,
    "of another entry": lambda content: content.replace(NAME.encode(), cache.key("other").encode()),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_or_foreign_entry_counts_as_missing_and_is_written_anew(directory, damage):
    cache.store(NAME, CODE)
    entry = only_entry(directory)
    entry.write_bytes(damage(entry.read_bytes()))
    assert cache.load(NAME) is None
    assert cache.store(NAME, CODE)
    assert cache.load(NAME) == CODE


def test_an_entry_that_cannot_be_read_counts_as_missing(directory):
    cache.store(NAME, CODE)
    entry = only_entry(directory)
    entry.unlink()
    entry.mkdir()
    assert cache.load(NAME) is None
    assert not cache.store(NAME, CODE)
    assert list(directory.iterdir()) == [entry]  # no temporary file stays


def test_a_damaged_entry_is_compiled_again_by_the_next_process(directory):
    assert run(SOFTSIGN) == ["0.75"]
    entry = only_entry(directory)
    good = entry.read_bytes()
    entry.write_bytes(good[: len(good) // 2])
    assert run(SOFTSIGN) == ["0.75"]
    assert entry.stat().st_size > len(good) // 2
    assert cache.load(entry.stem)


@posix
def test_the_directory_is_made_for_the_user_alone(directory):
    previous = os.umask(0)
    try:
        cache.store(NAME, CODE)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


@posix
@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702])
def test_a_directory_that_others_can_write_to_is_neither_read_nor_written(directory, mode):
    cache.store(NAME, CODE)
    directory.chmod(mode)
    assert cache.load(NAME) is None
    assert not cache.store(cache.key("other"), CODE)
    assert len(list(directory.iterdir())) == 1


@posix
def test_a_link_to_a_directory_is_not_followed(directory):
    directory.parent.mkdir()
    (directory.parent / "elsewhere").mkdir(mode=0o700)
    directory.symlink_to(directory.parent / "elsewhere")
    assert not cache.store(NAME, CODE)
    assert not list((directory.parent / "elsewhere").iterdir())


@pytest.mark.parametrize("place", ["below a file", "read-only"])
def test_all_works_where_nothing_can_be_written(tmp_path, monkeypatch, place):
    where = tmp_path / "place"
    if place == "below a file":
        where.write_text("")
        where /= "cache"
    else:
        where.mkdir(mode=0o500)
        if os.access(where, os.W_OK):
            pytest.skip("this user may write everywhere")
    monkeypatch.setenv(cache.VARIABLE, str(where))
    assert not cache.store(NAME, CODE)
    assert cache.load(NAME) is None
    assert cache.entries() == []
    assert run(SOFTSIGN) == ["0.75"]


def test_all_works_without_a_home(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    for name in (cache.VARIABLE, "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert not cache.store(NAME, CODE)
    assert cache.load(NAME) is None
    assert cache.entries() == []
    assert cache.refusal() == "this user has no home directory"


def test_without_the_variable_the_platforms_place_is_used(monkeypatch, tmp_path):
    monkeypatch.delenv(cache.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache.directory().is_relative_to(tmp_path)
    assert cache.directory().name == "numba-activations"


def test_many_processes_that_start_cold_at_once_leave_one_entry(directory):
    processes = [start(SOFTSIGN) for _ in range(4)]
    assert [finish(process) for process in processes] == [["0.75"]] * 4
    assert cache.load(only_entry(directory).stem)


@posix
def test_a_process_that_is_killed_while_it_writes_leaves_nothing_that_is_loaded(directory):
    killed = start("""
        import os, signal
        import numba_activations as act
        os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        act.softsign
    """)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    leftover = only_entry(directory)
    assert leftover.name.startswith(".writing-")
    assert run(SOFTSIGN) == ["0.75"]
    assert len(cache.entries()) == 2
    assert cache.clear() == 2
    assert not list(directory.iterdir())


def test_entries_differ_by_all_that_the_code_depends_on():
    parts = [
        ("full", "value", "exp"),
        ("u3", "value", "exp"),
        ("full", "vjp", "exp"),
        ("full", "value", "exp", "float64"),
    ]
    assert len({cache.key(*p) for p in parts}) == len(parts)
    assert cache.key("a", "bc") != cache.key("ab", "c")
