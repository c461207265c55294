"""Turns what the suite measured into the tables and the plot of README.md and docs/performance.md.

And into the speeds that `numba-activations list` prints.

    pytest perf --benchmark-json=run.json && python perf/report.py run.json

A run is condensed into perf/measured.json, where it replaces what was measured earlier under the same names; then the
text between the markers is written anew. Without a run, only the latter.
"""

import argparse
import hashlib
import json
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MEASURED = ROOT / "perf" / "measured.json"
PLOT = ROOT / "docs" / "performance.svg"
SPEEDS = ROOT / "src" / "numba_activations" / "data" / "speeds.json"
PAGES = (ROOT / "README.md", ROOT / "docs" / "performance.md")
OURS = "ours"

Entry = dict[str, Any]
Data = dict[str, Any]

_MARKER = re.compile(
    r"(<!-- generated: do not edit, run perf/report.py: (\w+) -->\n).*?(<!-- end of generated -->)", re.DOTALL
)
_SURROUNDINGS = ("llvm_cpu", "features", "versions")  # the same for all that one run measured


def condensed(run: Data) -> Data:
    """What of pytest-benchmark's JSON is worth keeping; the name of the machine is not."""
    info = run["machine_info"]
    machine = {
        "date": run["datetime"][:10],
        "processor": info.get("cpu", {}).get("brand_raw") or info["processor"],
        "target": info["llvm_cpu"],
        "system": f"{info['system']} {info['machine']}",
        "versions": {"python": info["python_version"], **info["versions"]},
    }
    entries = {}
    for bench in run["benchmarks"]:
        extra = {key: value for key, value in bench["extra_info"].items() if key not in _SURROUNDINGS}
        entries[bench["fullname"]] = {"seconds": bench["stats"]["min"], **extra}
    return {"machine": machine, "benchmarks": {name: _rounded(entry) for name, entry in entries.items()}}


def _rounded(value: Any) -> Any:
    """Numbers to four digits: the rest is noise, and every digit would change with each run."""
    if isinstance(value, dict):
        return {key: _rounded(v) for key, v in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def merged(old: Data, new: Data) -> Data:
    """The new measurements, and those of the old that were not made again; machine and date are the new ones'."""
    return {"machine": new["machine"], "benchmarks": {**old["benchmarks"], **new["benchmarks"]}}


def text(data: Data) -> str:
    """JSON with a line for each benchmark, so that a difference can be read."""
    entries = ",\n".join(f" {json.dumps(name)}: {json.dumps(entry)}" for name, entry in data["benchmarks"].items())
    return f'{{"machine": {json.dumps(data["machine"])},\n"benchmarks": {{\n{entries}\n}}}}\n'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(x: float | None) -> str:
    """Three digits."""
    return "" if x is None else f"{x:.0f}" if x >= 100 else f"{x:#.3g}".rstrip(".")


def error(entry: Entry | None) -> str:
    """An error in ULP of float32, whose numbers have 24 digits."""
    size = entry and entry["max_ulp"]
    return "" if size is None else "no digit right" if size >= 2**23 else number(size)


def _rows(data: Data) -> dict[tuple[str, str, str, int], dict[str, Entry]]:
    """By name, variant, dtype and size: the entry of each library."""
    found: dict[tuple[str, str, str, int], dict[str, Entry]] = defaultdict(dict)
    for name, entry in data["benchmarks"].items():
        if "::test_row[" in name:
            found[entry["name"], entry["variant"], entry["dtype"], entry["size"]][entry["library"]] = entry
    return found


def fastest(libraries: dict[str, Entry]) -> Entry | None:
    """Of the others, the one that takes the least time beside ours."""
    others = [entry for library, entry in libraries.items() if library != OURS]
    return min(others, key=lambda entry: entry["times"][OURS], default=None)


LEADS = "::test_row_leads["
NOISE = 1.05  # a ratio that may be 1
SIZE = 16_000  # of the tables that have one
SHAPE = 1000, 1000  # of rows, where one is meant for all


def machine(data: Data) -> str:
    """Where and with what it was measured."""
    about = data["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return (
        f"Measured on {about['date']} on {about['processor']} ({about['target']}), {about['system']}, with {versions}."
    )


def promises(data: Data) -> str:
    """What is promised, and what was measured: told where that is more."""
    entries = [entry for name, entry in data["benchmarks"].items() if "claim" in entry and LEADS not in name]
    missed = {True: "missed: ", False: ""}
    rows = [(e["claim"], missed[e["ratio"] > e["bar"]] + number(e["ratio"]), f"≤ {e['bar']:g}") for e in entries]
    return table(("Our time / their time (float32, one thread)", "measured", "promised"), rows)


def _leads(data: Data) -> list[Entry]:
    """The comparisons with the fastest other, in every size."""
    return [entry for name, entry in data["benchmarks"].items() if LEADS in name and "ratio" in entry]


def behind(data: Data) -> str:
    """Where another library is ahead by more than noise, the furthest first."""
    leads = _leads(data)
    slower = sorted((e for e in leads if e["ratio"] > NOISE), key=lambda e: -e["ratio"])
    head = f"Behind, of {len(leads)} comparisons with the fastest other", "our time / theirs"
    return table(head, [(e["claim"], number(e["ratio"])) for e in slower])


def functions(data: Data) -> str:
    """Every row: our time, and how many times longer the fastest other library takes; errors in ULP."""
    rows = _rows(data)
    head = ["Function"]
    for variant in ("value", "derivative"):
        head += [f"{variant}, float32", "fastest other", "float64", "fastest other", "ULP", "other's ULP"]
    lines = []
    for name in dict.fromkeys(key[0] for key in rows):
        line = [f"`{name}`"]
        for variant in ("value", "derivative"):
            single, double = (rows.get((name, variant, dtype, SIZE), {}) for dtype in ("float32", "float64"))
            for libraries in (single, double):
                best = fastest(libraries)
                lead = "" if best is None else f"{best['times'][OURS]:.1f} ({best['library']})"
                line += [number(libraries[OURS]["ns_per_element"]) if OURS in libraries else "", lead]
            best = fastest(single)
            line += [error(single.get(OURS)), error(best)]
        lines.append(line)
    return table(head, lines)


def means(data: Data) -> str:
    """The geometric means over all rows, by size."""
    found: dict[tuple[str, str], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for entry in _leads(data):
        found[entry["variant"], entry["dtype"]][entry["size"]].append(1 / entry["ratio"])
    sizes = sorted({size for by_size in found.values() for size in by_size})
    lines = []
    for (variant, dtype), by_size in found.items():
        cells = (f"{statistics.geometric_mean(by_size[size]):.1f}" if size in by_size else "" for size in sizes)
        lines.append((variant, dtype, *cells))
    head = "Time of the fastest other, ours = 1: geometric mean", "type", *(f"{size:,} numbers" for size in sizes)
    return table(head, lines)


def along_axis(data: Data) -> str:
    """Every function along an axis, by the shape of its rows."""
    found: dict[tuple[str, str], dict[tuple[int, ...], dict[str, Entry]]] = defaultdict(lambda: defaultdict(dict))
    for name, entry in data["benchmarks"].items():
        if "::test_along_axis[" in name and entry["dtype"] == "float32":
            found[entry["name"], entry["variant"]][tuple(entry["shape"])][entry["library"]] = entry
    shapes = sorted({shape for entries in found.values() for shape in entries}, reverse=True)
    head = ["Function", "use"]
    for rows, length in shapes:
        head += [f"{rows} x {length:,}", "fastest other"]
    lines = []
    for (name, variant), entries in found.items():
        line = [f"`{name}`", variant]
        for shape in shapes:
            ours, best = entries[shape].get(OURS), fastest(entries[shape])
            line.append("" if ours is None else number(ours["ns_per_element"]))
            line.append("" if best is None else f"{best['times'][OURS]:.1f} ({best['library']})")
        lines.append(line)
    return table(head, lines)


def tiers(data: Data) -> str:
    """Each tier's exp by type and size, and what softmax has of it."""
    found: dict[tuple[str, str], dict[int, Entry]] = defaultdict(dict)
    for name, entry in data["benchmarks"].items():
        if "::test_tier[" in name and "claim" not in entry and entry["name"] == "exp":
            found[entry["tier"], entry["dtype"]][entry["size"]] = entry
    softmax = {
        (entry["tier"], entry["dtype"]): entry["times"]["default"]
        for name, entry in data["benchmarks"].items()
        if "::test_tier_along_axis[" in name and entry["name"] == "softmax"
    }
    sizes = sorted({size for entries in found.values() for size in entries})
    head = ["Tier", "type", *(f"{size:,} numbers, ns" for size in sizes), "default's time = 1", "copyto's time = 1"]
    head += ["softmax, default's time = 1"]
    lines = []
    for (tier, dtype), entries in found.items():
        usual = entries[SIZE]["times"]
        cells = (number(entries[size]["ns_per_element"]) if size in entries else "" for size in sizes)
        beside = f"{usual['default']:.2f}", f"{usual['copyto']:.2f}"
        lines.append((f"`{tier}`", dtype, *cells, *beside, number(softmax.get((tier, dtype)))))
    return table(head, lines)


def uses(data: Data) -> str:
    """Ways to call a function, against the plain call."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for entry in data["benchmarks"].values():
        if "plain" in entry.get("times", {}) and entry["dtype"] == "float32":
            found[entry["use"]][entry["name"]] = entry["times"]["plain"]
    rows = [
        (
            use,
            f"{statistics.geometric_mean(ratios.values()):.2f}",
            f"{max(ratios.values()):.2f} ({max(ratios, key=ratios.get)})",
        )
        for use, ratios in found.items()
    ]
    return table(("Use", "plain call's time = 1, mean", "most"), rows)


def starts(data: Data) -> str:
    """Whole processes."""
    found = [e for e in data["benchmarks"].values() if e.get("use") in ("warm start", "cold start")]
    rows = [(e["library"] + (" (cold)" if e["use"] == "cold start" else ""), number(e["seconds"])) for e in found]
    return table(("Import and first sigmoid, as a whole process", "seconds"), rows)


TABLES = {f.__name__: f for f in (machine, promises, behind, functions, means, along_axis, tiers, uses, starts)}


def filled(page: str, data: Data) -> str:
    """A page with the text between its markers made of the data."""
    return _MARKER.sub(lambda found: f"{found[1]}{TABLES[found[2]](data)}\n{found[3]}", page)


def speeds(data: Data) -> str:
    """JSON of our nanoseconds a number, by name, variant and type."""
    found: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for (name, variant, dtype, size), libraries in _rows(data).items():
        if size == SIZE and OURS in libraries:
            found[name][variant][dtype] = libraries[OURS]["ns_per_element"]
    for name, entry in data["benchmarks"].items():
        if "::test_along_axis[" in name and entry["library"] == OURS and tuple(entry["shape"]) == SHAPE:
            found[entry["name"]][entry["variant"]][entry["dtype"]] = entry["ns_per_element"]
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(variants)}" for name, variants in found.items())
    return f'{{"measured": {json.dumps(machine(data))},\n"nanoseconds": {{\n{lines}\n}}}}\n'


def digest(data: Data) -> str:
    """What tells whether the plot is of this data."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def draw(data: Data, path: Path) -> None:
    """Each row's times by library, ours = 1."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    rows = _rows(data)
    names = [*dict.fromkeys(key[0] for key in rows)][::-1]
    colours = {"numpy": "C0", "scipy": "C1", "numexpr": "C2", "torch": "C3", "jax": "C4"}
    with mpl.rc_context({"svg.hashsalt": "performance", "svg.fonttype": "none"}):
        figure = Figure(figsize=(9, 1.5 + 0.18 * len(names)), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for axes, variant in zip(panels, ("value", "derivative"), strict=True):
            for library, colour in colours.items():
                entries = {n: rows.get((n, variant, "float32", SIZE), {}).get(library) for n in names}
                points = [(e["times"][OURS], k) for k, n in enumerate(names) if (e := entries[n]) is not None]
                if points:
                    axes.plot(*zip(*points, strict=True), "o", color=colour, label=library, markersize=4)
            axes.axvline(1, color="black", linewidth=1)
            axes.set(title=f"{variant}, float32", xscale="log", xlabel="time, ours = 1", yticks=range(len(names)))
            axes.set_yticklabels(names, fontsize=7)
            axes.grid(alpha=0.3)
        panels[0].legend(fontsize=8)
        figure.savefig(path, metadata={"Date": None, "Description": digest(data)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN.json", help="from pytest --benchmark-json")
    for run in parser.parse_args().runs:
        new = condensed(json.loads(run.read_text("utf-8")))
        data = merged(json.loads(MEASURED.read_text("utf-8")), new) if MEASURED.exists() else new
        MEASURED.write_text(text(data), "utf-8")
    data = json.loads(MEASURED.read_text("utf-8"))
    for page in PAGES:
        page.write_text(filled(page.read_text("utf-8"), data), "utf-8")
    SPEEDS.write_text(speeds(data), "utf-8")
    draw(data, PLOT)


if __name__ == "__main__":
    main()
