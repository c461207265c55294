"""The tables in README.md and docs/ are what the stored measurements give."""

import importlib.util
import json
from pathlib import Path

import pytest

import numba_activations as act
from numba_activations.records import ALONG_AXIS

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("report", ROOT / "perf" / "report.py")
report = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(report)


def bench(fullname: str, seconds: float, **extra) -> dict:
    return {"fullname": fullname, "group": "g", "stats": {"min": seconds}, "extra_info": {**extra, "versions": {}}}


def row(library: str, variant: str, ratio: float, **more) -> dict:
    """A measured row; its library takes `ratio` times as long as we do."""
    extra = {"name": "f", "variant": variant, "dtype": "float32", "size": report.SIZE, "library": library}
    extra |= {"ns_per_element": 0.5 * ratio, "times": {} if library == "ours" else {"ours": ratio}, "max_ulp": 0.75}
    return bench(f"perf/test_catalogue.py::test_row[f-{variant}-{library}]", 1e-6, **{**extra, **more})


def lead(name: str, ratio: float) -> dict:
    """Our time over the fastest other's."""
    extra = {"name": name, "variant": "value", "dtype": "float32", "size": 1000}
    claim = f"{name} value float32 1000 / jax"
    return bench(f"perf/test_requirements.py::test_row_leads[{name}]", 1e-6, claim=claim, ratio=ratio, **extra)


@pytest.fixture
def run() -> dict:
    return {
        "datetime": "2020-02-03T04:05:06",
        "machine_info": {
            "node": "secret",
            "processor": "x",
            "cpu": {"brand_raw": "Quick 9"},
            "llvm_cpu": "quick9",
            "features": "+all",
            "system": "Linux",
            "machine": "x86_64",
            "python_version": "3.11.0",
            "versions": {"numpy": "2.0.0"},
        },
        "benchmarks": [
            row("ours", "value", 1.0),
            row("torch", "value", 2.0, max_ulp=12345.6),
            row("jax", "value", 8.0),
            row("ours", "derivative", 1.0),
            lead("f", 1.5),
            lead("g", 0.5),
            lead("h", 1.03),
            bench("perf/test_requirements.py::test_row_leads[only we have it]", 1e-6),
            bench("perf/test_requirements.py::test_x", 1e-6, claim="f / torch.f", ratio=0.51239, bar=0.6),
        ],
    }


def stored() -> dict:
    return json.loads(report.MEASURED.read_text("utf-8"))


@pytest.mark.parametrize("page", report.PAGES, ids=lambda page: page.name)
def test_page_shows_the_stored_measurements(page):
    text = page.read_text("utf-8")
    assert report.filled(text, stored()) == text, "run perf/report.py"


def test_the_speeds_that_list_prints_are_the_stored_measurements():
    assert report.SPEEDS.read_text("utf-8") == report.speeds(stored()), "run perf/report.py"


@pytest.mark.parametrize("page", report.PAGES, ids=lambda page: page.name)
def test_every_marker_is_understood(page):
    text = page.read_text("utf-8")
    assert text.count("<!-- generated:") == len(report._MARKER.findall(text)) > 0


def test_every_table_is_shown():
    text = "".join(page.read_text("utf-8") for page in report.PAGES)
    assert {found[1] for found in report._MARKER.findall(text)} == report.TABLES.keys()


def test_plot_is_of_the_stored_measurements():
    assert report.digest(stored()) in report.PLOT.read_text("utf-8"), "run perf/report.py"


def test_plot_can_be_drawn(run, tmp_path):
    pytest.importorskip("matplotlib")
    data = report.condensed(run)
    report.draw(data, tmp_path / "plot.svg")
    assert report.digest(data) in (tmp_path / "plot.svg").read_text("utf-8")


def test_changed_measurements_change_the_page(run):
    page = "a\n<!-- generated: do not edit, run perf/report.py: promises -->\nold\n<!-- end of generated -->\nb\n"
    filled = report.filled(page, report.condensed(run))
    assert "| f / torch.f | 0.512 | ≤ 0.6 |" in filled
    assert "old" not in filled
    assert filled.startswith("a\n")
    assert filled.endswith("-->\nb\n")


def test_only_the_other_librarys_leads_are_listed(run):
    lines = report.behind(report.condensed(run)).splitlines()
    assert lines[0].startswith("| Behind, of 3 comparisons")
    assert lines[2:] == ["| f value float32 1000 / jax | 1.50 |"]


def test_means_are_of_all_leads_of_a_size(run):
    run["benchmarks"].append(lead("k", 0.25))
    line = report.means(report.condensed(run)).splitlines()[-1]
    assert line == f"| value | float32 | {(1 / (1.5 * 0.5 * 1.03 * 0.25)) ** 0.25:.1f} |"


def test_stored_text_is_what_was_stored(run):
    data = report.condensed(run)
    assert json.loads(report.text(data)) == data
    assert report.text(data).count("\n") == 4 + len(data["benchmarks"]) - 1


def test_nothing_is_stored_of_rows_that_are_gone():
    names = {entry["name"] for entry in stored()["benchmarks"].values() if "name" in entry}
    assert names <= act.catalogue.keys() | ALONG_AXIS.keys()


def test_functions_stand_beside_the_fastest_other(run):
    line = report.functions(report.condensed(run)).splitlines()[-1]
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        *("`f`", "0.500", "2.0 (torch)", "", "", "0.750", "12350"),
        *("0.500", "", "", "", "0.750", ""),
    ]


@pytest.mark.parametrize(("ulp", "shown"), [(0.5, "0.500"), (99.96, "100"), (2.0**23, "no digit right"), (None, "")])
def test_errors_are_shown(ulp, shown):
    assert report.error({"max_ulp": ulp}) == shown


def test_rows_along_an_axis_stand_by_shape(run):
    for shape in ([8, 100], [1000, 10]):
        for library, times in (("ours", {}), ("torch", {"ours": 1.5}), ("jax", {"ours": 1.25})):
            extra = {"name": "f", "variant": "vjp", "dtype": "float32", "shape": shape, "library": library}
            extra |= {"ns_per_element": 0.75, "times": times}
            run["benchmarks"].append(bench(f"perf/x.py::test_along_axis[{shape}-{library}]", 1e-6, **extra))
    lines = report.along_axis(report.condensed(run)).splitlines()
    assert lines[0] == "| Function | use | 1000 x 10 | fastest other | 8 x 100 | fastest other |"
    assert lines[2] == "| `f` | vjp | 0.750 | 1.2 (jax) | 0.750 | 1.2 (jax) |"


def test_the_machine_is_described_but_not_named(run):
    data = report.condensed(run)
    assert "secret" not in json.dumps(data)
    assert "2020-02-03 on Quick 9 (quick9), Linux x86_64, with python 3.11.0, numpy 2.0.0" in report.machine(data)


def test_a_later_run_replaces_what_it_measured_again(run):
    old = report.condensed(run)
    run["benchmarks"] = [row("torch", "value", 3.0)]
    new = report.merged(old, report.condensed(run))
    assert len(new["benchmarks"]) == len(old["benchmarks"])
    assert "3.0 (torch)" in report.functions(new)
