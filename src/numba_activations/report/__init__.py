"""The report: one HTML page that needs nothing but a browser.

`document` says what a report consists of, `parts` measures and makes its sections, `plots` computes where the lines and
labels of a plot go, and `html` writes all of it as HTML, by one template for each kind of block.
"""

from .document import Section
from .html import page
from .parts import FULL, PARTS, QUICK, Effort, Part, functions, measure

__all__ = ["FULL", "PARTS", "QUICK", "Effort", "Part", "Section", "functions", "measure", "page"]
