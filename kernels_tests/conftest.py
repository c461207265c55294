"""What several test files need."""

import operator
import signal

import pytest

import numba_activations as act


@pytest.fixture(scope="session")
def function(request):
    """The function of a path such as "derivative.tanh", compiled when a test needs it and not when it is collected."""
    path = request.param
    return operator.attrgetter(path)(act) if isinstance(path, str) else path


@pytest.fixture
def ctrl_c():
    """Ctrl-C does what it does in a terminal: a job in the background ignores it, and so do its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
