"""The report is one whole page, tells what was measured, and can be read by eye, ear, keyboard and printer."""

import math
import re
from dataclasses import replace
from importlib.resources import files

import browser
import numpy as np
import pytest

import numba_activations as act
from numba_activations import cli, report
from numba_activations.analysis.comparison import compare
from numba_activations.analysis.peers import one_thread
from numba_activations.analysis.saturation import SATURATED, saturated
from numba_activations.analysis.survey import exact_values, survey
from numba_activations.data import preactivations
from numba_activations.engine.keys import DEFAULT
from numba_activations.records import APPROXIMATIONS
from numba_activations.report import document as doc
from numba_activations.report.activations import catalogue_section, curve_section
from numba_activations.report.exponentials import exponential_section
from numba_activations.report.plots import draw

html5lib = pytest.importorskip("html5lib", reason="html5lib reads the pages")
DTYPES = ("float32", "float64")
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = """<script>alert("1" & '2')</script>"""


def parsed(text):
    """The tree of a page without any error in it."""
    return html5lib.HTMLParser(namespaceHTMLElements=False, strict=True).parse(text)


def inside(element):
    return " ".join("".join(element.itertext()).split())


def by_class(tree, name):
    return [e for e in tree.iter() if name in e.get("class", "").split()]


def table(tree, caption):
    """The rows of a table as {name: {column: (text, value)}}."""
    found = next(t for t in tree.iter("table") if inside(t.find("caption")).startswith(caption))
    columns = [inside(head) for head in found.find("thead").iter("th")]
    rows = {}
    for row in found.find("tbody").iter("tr"):
        cells = [(inside(c), None if c.get("data-value") is None else float(c.get("data-value"))) for c in row]
        rows[cells[0][0]] = dict(zip(columns, cells, strict=True))
    return rows


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert cli.main(["report", "--quick", "--out", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def tree(page):
    return parsed(page.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def comparison():
    return compare(libraries=["numpy"], seconds=0.1, points={"float32": 512, "float64": 64})


@pytest.fixture(scope="module")
def surveys():
    with one_thread():
        return [
            survey(act.catalogue[name], preactivations(), exact_values(name, dtype, 64), ["numpy"], 0.001)
            for name in ("sigmoid", "relu", "log1p")
            for dtype in DTYPES
        ]


def test_every_activation_has_a_card_and_a_row_for_each_type(tree):
    cards = {e.get("id") for e in tree.iter("article")}
    for dtype in DTYPES:
        rows = table(tree, f"The catalogue in {dtype}")
        assert list(rows) == list(act.catalogue)
        for name, record in act.catalogue.items():
            assert f"activation-{name}" in cards
            assert rows[name]["f(x)"][0] == " ".join(record.formula.split())
            assert rows[name]["f stated"][1] == record.bounds[dtype].value.size
            assert rows[name]["f' stated"][1] == record.bounds[dtype].derivative.size


def test_every_tier_has_a_card_that_says_why_and_a_row_for_each_type(tree):
    cards = {e.get("id"): inside(e) for e in tree.iter("article")}
    for name, tier in APPROXIMATIONS.items():
        text = cards[f"tier-{name}"]
        for part in (tier.method, tier.why, tier.special):
            assert " ".join(part.split()) in text
        for dtype in tier.bounds:
            assert ("default" if name == DEFAULT else name) in table(tree, f"exp(x) in {dtype}")


def test_nothing_is_fetched_from_anywhere(tree):
    for element in tree.iter():
        for name in ("src", "href", "{http://www.w3.org/1999/xlink}href", "action", "data", "poster", "srcset"):
            assert (element.get(name) or "#").startswith(("#", "data:,"))
        assert "url(" not in (element.get("style") or "")
    style = "".join(tree.find("head").find("style").itertext())
    assert "@import" not in style
    assert "url(" not in style


def test_links_lead_somewhere_and_names_are_unique(tree):
    names = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(set(names)) == len(names)
    links = [e.get("href")[1:] for tag in ("a", f"{SVG}a") for e in tree.iter(tag) if e.get("href")]
    assert len(links) > len(act.catalogue)
    assert set(links) <= set(names)


def test_a_screen_reader_is_told_what_everything_is(tree):
    assert tree.get("lang") == "en"
    assert len(list(tree.iter("h1"))) == len(list(tree.iter("main"))) == 1
    for section in tree.iter("section"):
        assert section.get("aria-labelledby") == section.find("h2").get("id")
    for found in tree.iter("table"):
        assert inside(found.find("caption"))
        assert all(head.get("scope") == "col" for head in found.find("thead").iter("th"))
        assert all(row[0].tag == "th" and row[0].get("scope") == "row" for row in found.find("tbody").iter("tr"))
    pictures = [e for e in tree.iter(f"{SVG}svg") if e.get("aria-hidden") != "true"]
    assert len(pictures) >= len(act.catalogue)
    assert all(e.get("aria-label") and e.get("role") in ("img", "group") for e in pictures)
    points = by_class(tree, "point")
    assert all(p.get("aria-label") and p.get("href") for p in points if p.tag == f"{SVG}a")
    assert sum(p.tag == f"{SVG}a" for p in points) > len(APPROXIMATIONS)
    for field in tree.iter("fieldset"):
        assert inside(field.find("legend"))


def test_the_figures_of_exponentials_are_those_measured(comparison):
    tree = parsed(report.page([exponential_section(comparison), *report.PARTS[0].sections(report.QUICK, print)]))
    for dtype in comparison.dtypes:
        rows = table(tree, f"exp(x) in {dtype}")
        assert list(rows) == [m.name for m in comparison.of(dtype)]
        for m in comparison.of(dtype):
            row = rows[m.name]
            assert row["largest ULP"][1] == m.anywhere.max_ulp
            assert row["largest relative"][1] == m.anywhere.max_relative
            assert row["mean ULP"][1] == m.on_input.mean_ulp
            assert row["bias"][1] == m.on_input.bias
            assert row["nearest float"][1] == m.on_input.correctly_rounded
            for size, time in m.nanoseconds.items():
                assert row[f"ns, {size}"][1] == time
                assert ("★" in row[f"ns, {size}"][0]) == (m.dominated_by[size] is None)


def test_the_figures_of_activations_are_those_measured(surveys):
    tree = parsed(report.page([catalogue_section(surveys), curve_section(surveys)]))
    for s in surveys:
        row = table(tree, f"The catalogue in {s.dtype}")[s.activation]
        assert row["f largest"][1] == s.value.accuracy.max_ulp
        assert row["f' largest"][1] == s.derivative.accuracy.max_ulp
        assert row["f ns"][1] == s.value.nanoseconds
        assert row["f' ns"][1] == s.derivative.nanoseconds
        assert row["numpy ÷ ours"][1] == s.peers["numpy"].nanoseconds / s.value.nanoseconds
        more = table(tree, f"Largest errors and times of {s.activation}")
        assert more["numpy"][f"{s.dtype} ULP"][1] == s.peers["numpy"].accuracy.max_ulp
        assert more["f'"][f"{s.dtype} ns"][1] == s.derivative.nanoseconds


def test_a_broken_promise_is_told(comparison, surveys):
    def told(sections):
        return "exceeds it" in inside(parsed(report.page(sections)).find("body"))

    kept = [m for m in comparison.measurements if m.holds is not False]
    assert not told([exponential_section(replace(comparison, measurements=tuple(kept)))])
    worse = [replace(m, stated=m.stated and replace(m.stated, size=m.stated.size / 1e3)) for m in kept]
    assert told([exponential_section(replace(comparison, measurements=tuple(worse)))])
    sigmoid = next(s for s in surveys if s.activation == "sigmoid")
    assert not told([catalogue_section([sigmoid])])
    bound = replace(sigmoid.stated, value=replace(sigmoid.stated.value, size=0.1))
    assert told([catalogue_section([replace(sigmoid, stated=bound)])])


def test_what_is_shown_is_escaped():
    plot = doc.Plot(
        HOSTILE,
        HOSTILE,
        doc.Axis(HOSTILE),
        doc.Axis(HOSTILE),
        lines=[doc.Line(HOSTILE, [0, 1], [0, 1])],
        points=[doc.Point(HOSTILE, 0.5, 0.5, HOSTILE, link=HOSTILE)],
        points_named=[HOSTILE],
        bands=[doc.Band(HOSTILE, 0, 1)],
    )
    blocks = [
        doc.Text(HOSTILE),
        doc.Facts({HOSTILE: HOSTILE}),
        doc.Table(HOSTILE, [doc.Column(HOSTILE)], [[doc.Cell(HOSTILE, link=HOSTILE, anchor=HOSTILE, mark=HOSTILE)]]),
        plot,
        doc.Cards([doc.Card(HOSTILE, HOSTILE, HOSTILE, [plot], [doc.Text(HOSTILE)])]),
        doc.Choice(HOSTILE, {HOSTILE: [HOSTILE]}, {(HOSTILE,): [plot]}),
    ]
    text = report.page([doc.Section(HOSTILE, HOSTILE, blocks)], HOSTILE, HOSTILE)
    assert text.count("<script>") == 1  # ours
    tree = parsed(text)
    assert len(list(tree.iter("script"))) == 1
    assert inside(tree.find("head").find("title")) == HOSTILE
    assert inside(tree).count(HOSTILE) > 20


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_report_leaves_the_old_one(error, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def interrupted(effort, step, parts=()):
        raise error

    monkeypatch.setattr(report, "measure", interrupted)
    if error is KeyboardInterrupt:
        assert cli.main(["report", "--out", str(path)]) == 130
    else:
        with pytest.raises(error):
            cli.main(["report", "--out", str(path)])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(report, "measure", None)
    assert cli.main(["report", "--out", str(tmp_path / "nowhere" / "report.html")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_other_sections_can_be_added():
    part = report.Part(1.0, lambda effort, step: [report.Section("more", "More", [doc.Text(effort.name)])])
    told = []
    sections = report.measure(report.QUICK, lambda done, what: told.append(done), [part])
    assert [s.title for s in sections] == ["More"]
    assert told[-1] == 1.0


def test_progress_never_goes_back():
    told = []

    def twice(effort, step):
        step(0.0, "first")
        step(0.5, "second")
        return []

    report.measure(report.QUICK, lambda done, what: told.append(done), [report.Part(3, twice), report.Part(1, twice)])
    assert told == [0.0, 0.375, 0.75, 0.875, 1.0]


POINTS = [doc.Point(f"point {k}", 1.0 + k % 3, 10.0 ** -(k // 3), "") for k in range(9)]


@pytest.mark.parametrize("size", [(820.0, 460.0), (370.0, 430.0)])
def test_a_plot_keeps_order_and_everything_inside(size):
    plot = doc.Plot("", "", doc.Axis("x", True), doc.Axis("y", True), points=POINTS)
    d = draw(plot, *size)
    assert len(d.points) == len(POINTS)
    for placed in d.points:
        assert d.left < placed.x < d.right
        assert d.top < placed.y < d.bottom
        for other in d.points:
            assert (placed.x < other.x) == (placed.point.x < other.point.x)
            assert (placed.y > other.y) == (placed.point.y < other.point.y)  # y grows downwards
    for ticks, low, high in ((d.x_ticks, d.left, d.right), (d.y_ticks, d.top, d.bottom)):
        assert len(ticks) >= 2
        assert all(low <= place <= high for place, _ in ticks)


def box(placed):
    width = 7 * len(placed.point.label)
    left = placed.label_x - {"start": 0, "middle": width / 2, "end": width}[placed.anchor]
    return left, placed.label_y - 10, left + width, placed.label_y + 3


def test_labels_stand_apart_or_are_left_out():
    close = [doc.Point(f"name {k}", 1 + k / 100, 1 + k / 1000, "") for k in range(30)]
    frame = [doc.Point("a", 0, 0, ""), doc.Point("b", 3, 2, "")]
    d = draw(doc.Plot("", "", doc.Axis("x"), doc.Axis("y"), points=[*close, *frame]), 820, 460)
    shown = [box(p) for p in d.points if p.labelled]
    assert 8 < len(shown) < len(d.points)
    for k, (left, top, right, bottom) in enumerate(shown):
        assert d.left <= left < right <= d.right
        assert d.top <= top < bottom <= d.bottom
        for low, high, far, deep in shown[:k]:
            assert right <= low or far <= left or bottom <= high or deep <= top


def test_an_axis_that_counts_is_marked_at_whole_numbers():
    line = doc.Line("", [1, 2, 3], [0, 1, 2])
    d = draw(doc.Plot("", "", doc.Axis("x", whole=True), doc.Axis("y"), lines=[line]), 820, 460)
    assert [text for _, text in d.x_ticks] == ["1", "2", "3"]
    assert len(d.y_ticks) > 3


def test_an_objection_is_a_section_with_its_sentences_and_numbers():
    pytest.importorskip("scipy", reason="networks are trained with SciPy's BLAS")
    from numba_activations.analysis.objections import zero_centred
    from numba_activations.report.objections import objection_section

    found = zero_centred(activations=("sigmoid",), batch_sizes=(1, 4), epochs=1)
    tree = parsed(report.page([objection_section(found)]))
    text = inside(tree.find("body"))
    for sentence in (found.objection, *found.sentences()):
        assert sentence in text
    for numbers in found.tables():
        rows = table(tree, numbers.title)
        assert list(rows) == [*dict.fromkeys(row[0] for row in numbers.rows)]
        assert [cell for cell, _ in rows[numbers.rows[-1][0]].values()] == [*numbers.rows[-1]]
    assert len([e for e in tree.iter(f"{SVG}path") if "line" in e.get("class", "").split()]) > 3


def test_what_a_logarithmic_axis_cannot_show_is_not_drawn():
    bad = [doc.Point("bad", x, y, "") for x, y in ((0, 1), (1, 0), (math.inf, 1), (1, math.nan), (-1, 1))]
    plot = doc.Plot("", "", doc.Axis("x", True), doc.Axis("y", True), points=[*bad, *POINTS])
    assert [p.point for p in draw(plot, 820, 460).points] == POINTS


def test_a_line_is_broken_where_it_is_not_a_number():
    line = doc.Line("", [0, 1, 2, 3, 4], [0, 1, math.nan, 3, math.inf])
    ((_, path),) = draw(doc.Plot("", "", doc.Axis("x"), doc.Axis("y"), lines=[line]), 820, 460).paths
    assert re.sub(r"[^ML]", "", path) == "MLM"


def test_the_saturated_regime_is_where_the_derivative_is_small():
    end = math.log((1 + math.sqrt(1 - SATURATED)) / (1 - math.sqrt(1 - SATURATED)))  # s (1 - s) = SATURATED / 4
    near = pytest.approx(end, abs=0.002)
    ((low, left), (right, high)) = saturated("sigmoid").intervals
    assert (low, -left, right, high) == (-math.inf, near, near, math.inf)
    assert saturated("sigmoid").threshold == SATURATED / 4
    assert saturated("relu").intervals == ((-math.inf, 0.0),)
    assert saturated("identity").intervals == ()
    assert saturated("leaky_relu", {"negative_slope": 0.2}, 0.3).intervals == ((-math.inf, 0.0),)
    assert saturated("leaky_relu", {"negative_slope": 0.2}, 0.1).intervals == ()
    assert saturated("exp").threshold == SATURATED  # e^x has no bound
    for name in act.catalogue:
        regime = saturated(name)
        for low, high in regime.intervals:
            x = np.linspace(max(low, -32), min(high, 32), 101)
            assert (np.abs(getattr(act.derivative, name)(x)) < regime.threshold).all()


def luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_stand_out_in_light_dark_and_print():
    style = files("numba_activations.report").joinpath("templates/style.css").read_text()
    schemes = re.findall(r":root \{([^}]*)\}", style)
    assert len(schemes) == 3
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#\w{6})", scheme))
        for behind in ("page", "raised"):
            for name in ("text", "soft", "link", "good", "bad"):
                assert contrast(colours[name], colours[behind]) >= 4.5, (name, behind)  # WCAG AA for text
        for k in range(8):
            assert contrast(colours[f"k{k}"], colours["page"]) >= 3, k  # and for what is drawn


@pytest.fixture
def window(page):
    if browser.PROGRAM is None:
        pytest.skip("no Chromium here to look at the page with")
    with browser.Browser() as found:
        found.emulate(1280)
        found.open(page)
        yield found
        assert found.problems == []
        assert [address for address in found.fetched if not address.startswith(("file:", "data:"))] == []


def test_a_button_sorts_a_table_both_ways(window):
    window.evaluate("""
        const table = document.querySelector("#catalogue table");
        const heads = [...table.tHead.rows[0].cells];
        const column = (k) => [...table.tBodies[0].rows].map((row) => row.cells[k]);
    """)
    for direction in ("ascending", "descending"):
        window.evaluate("heads[6].querySelector('button').click()")
        values = window.evaluate("column(6).map((cell) => Number(cell.dataset.value))")
        assert window.evaluate("heads[6].getAttribute('aria-sort')") == direction
        assert len(values) == len(act.catalogue)
        assert values == sorted(values, reverse=direction == "descending")
    window.evaluate("heads[0].querySelector('button').click()")
    assert window.evaluate("column(0).map((cell) => cell.innerText)") == sorted(act.catalogue)
    assert window.evaluate("heads.filter((head) => head.hasAttribute('aria-sort')).length") == 1


def test_a_choice_shows_the_panels_of_its_options(window):
    window.evaluate("const panels = [...document.querySelectorAll('#exponentials .panel')]")
    shown = "panels.filter((panel) => panel.offsetHeight).map((panel) => panel.dataset.options)"
    assert window.evaluate(shown) == ["float32 L1", "float32"]
    for option in ("float64", "memory"):
        window.evaluate(f"""document.querySelector('#exponentials input[value="{option}"]').click()""")
    assert window.evaluate(shown) == ["float64 memory", "float64"]


def test_without_script_everything_is_shown(page):
    text = page.read_text(encoding="utf-8")
    panels = by_class(parsed(text), "panel")
    assert len(panels) > 6
    assert not any(panel.get("hidden") for panel in panels)


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_the_page_is_no_wider_than_the_screen(window, width):
    window.emulate(width)
    assert window.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    seen = window.evaluate(
        "[...document.querySelectorAll('#exponentials figure > svg')].filter((s) => s.clientWidth).length"
    )
    assert seen == 1  # the picture that suits the screen


def test_the_keyboard_reaches_the_points_and_hears_their_figures(window):
    window.evaluate("document.querySelector('#exponentials .questions input:checked').focus()")
    for _ in range(3):  # from one set of options to the next, then to the first point
        window.press("Tab")
        if window.evaluate("document.activeElement.classList.contains('point')"):
            break
    told = window.evaluate(
        "[document.activeElement.getAttribute('aria-label'), document.getElementById('tip').textContent]"
    )
    assert told[0] == told[1]
    assert "ns per element" in told[0]
    assert window.evaluate("!document.getElementById('tip').hidden")
    window.press("Escape")
    assert window.evaluate("document.getElementById('tip').hidden")


def test_the_page_can_be_printed(window):
    import base64

    assert base64.b64decode(window.paper()).startswith(b"%PDF")
