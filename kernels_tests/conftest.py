"""What several test files need."""

import signal

import pytest


@pytest.fixture
def ctrl_c():
    """Ctrl-C does what it does in a terminal: a job in the background ignores it, and so do its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
