"""Python processes of their own, for what depends on how a process begins or ends."""

import os
import subprocess
import sys
import textwrap


def start(code, **environment):
    """A process that runs code and treats warnings as errors."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """The words that a process has printed; it must have ended well."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out.split()


def run(code, **environment):
    """The words that code prints in a process of its own."""
    return finish(start(code, **environment))
