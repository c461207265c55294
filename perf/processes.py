"""Whole processes, from the start of the interpreter to a first result."""

import os
import subprocess
import sys
from collections.abc import Mapping

PROGRAMS = {
    "ours": "import numpy as np, numba_activations as act; act.sigmoid(np.ones(4))",
    "numpy": "import numpy as np; np.exp(np.ones(4))",
    "scipy": "import numpy as np, scipy.special; scipy.special.expit(np.ones(4))",
    "numba": "import math, numpy as np, numba; numba.vectorize(lambda x: 1 / (1 + math.exp(-x)))(np.ones(4))",
    "torch": "import torch; torch.sigmoid(torch.ones(4))",
    "jax": "import jax; jax.nn.sigmoid(jax.numpy.ones(4)).block_until_ready()",
}


def run(program: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a program in a new interpreter, to its end."""
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # users have it from pip
    subprocess.run([sys.executable, "-c", program], check=True, env={**inherited, **(environment or {})})
