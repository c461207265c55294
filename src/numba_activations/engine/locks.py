"""A lock that a forked child finds free, whatever a thread of the parent was about."""

import os
import threading
from typing import Any

__all__ = ["Lock"]


class Lock:
    """A reentrant lock for as long as the process lives: a `with` statement holds it."""

    def __init__(self) -> None:
        self._renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: Any) -> None:
        self._lock.release()
