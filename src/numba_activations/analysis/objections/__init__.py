"""The three objections to the sigmoid, measured: `vanishing`, `zero_centred` and `cost`.

They come from lectures on neural networks: saturated units let gradients vanish layer after layer, outputs that are
not centred around zero make descent zig-zag, and exp is expensive. Each function here trains real networks and returns
the numbers; each result gives tables, draws itself, and says in two sentences made from the numbers what was found.
"""

from .cost import Cost, cost
from .examples import Examples
from .findings import Findings, Table
from .vanishing import Vanishing, vanishing
from .zero_centred import ZeroCentred, zero_centred

__all__ = ["Cost", "Examples", "Findings", "Table", "Vanishing", "ZeroCentred", "cost", "vanishing", "zero_centred"]
