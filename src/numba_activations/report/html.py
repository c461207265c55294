"""From sections to one HTML page: style, script and pictures are in it, so nothing is fetched."""

from collections.abc import Sequence
from typing import Any

import jinja2
from markupsafe import Markup

from .document import Block, Plot, Section
from .plots import Drawing, draw

__all__ = ["page"]

TITLE = "numba-activations: report"
SUMMARY = (
    "How accurate and how fast the activation functions and exponentials of numba-activations are on this machine, "
    "beside the libraries that are installed on it."
)
WIDE, NARROW, SMALL = (820.0, 460.0), (370.0, 430.0), (330.0, 190.0)


def page(sections: Sequence[Section], title: str = TITLE, summary: str = SUMMARY) -> str:
    """The page, as HTML.

    Parameters
    ----------
    sections : sequence of Section
        What it shows, in order.
    title, summary : str
        Its name, and what it is in a sentence.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__name__.rpartition(".")[0]),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def show(block: Block, **more: Any) -> Markup:
        """A block by the template of its kind."""
        template = environment.get_template(f"{type(block).__name__.lower()}.html")
        return Markup(template.render(block=block, **more))  # noqa: S704  (the template has escaped it)

    environment.filters["show"] = show
    environment.globals["drawings"] = _drawings
    return environment.get_template("page.html").render(sections=sections, title=title, summary=summary)


def _drawings(plot: Plot) -> dict[str, Drawing]:
    """A plot in the sizes that screens have room for, by the class that the style shows or hides."""
    if plot.small:
        return {"": draw(plot, *SMALL)}
    return {"wide": draw(plot, *WIDE), "narrow": draw(plot, *NARROW)}
