"""A comparison finds who is on the front, whose promise holds, and measures libraries by their own functions."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

import numba_activations as act
from numba_activations.analysis import accuracy, comparison, peers, timing
from numba_activations.records import Error
from numba_activations.tier_errors import stated

PERFECT = accuracy.Accuracy(
    points=1,
    max_ulp=0.5,
    mean_ulp=0.25,
    max_absolute=1e-8,
    max_relative=1e-8,
    mean_relative=1e-9,
    bias=0.0,
    correctly_rounded=1.0,
    at=0.0,
    got=1.0,
    wanted=1.0,
)


def measurement(name, relative, ns, dtype="float32", stated=None, max_ulp=1.0):
    return comparison.Measurement(
        name=name,
        kind="tier",
        dtype=dtype,
        method="",
        interval=(-1.0, 1.0),
        stated=stated,
        anywhere=replace(PERFECT, max_relative=relative, max_ulp=max_ulp),
        on_input=PERFECT,
        nanoseconds=dict.fromkeys(timing.SIZES, ns),
    )


def test_who_is_no_faster_and_no_more_accurate_is_dominated_by_the_fastest_that_is_both():
    rows = [
        measurement("exact", 0.0, 9.0),
        measurement("good", 1e-8, 1.0),
        measurement("rough", 1e-2, 0.1),
        measurement("slow", 1e-8, 2.0),
        measurement("bad", 1e-1, 0.5),
        measurement("twin", 1e-8, 1.0),
        measurement("other type", 1e-1, 9.0, dtype="float64"),
    ]
    found = {m.name: m.dominated_by["L2"] for m in comparison._front(rows)}
    assert found == {
        "exact": None,
        "good": None,
        "rough": None,
        "slow": "good",
        "bad": "rough",
        "twin": None,
        "other type": None,
    }


@pytest.mark.parametrize(
    ("stated", "holds"),
    [
        (None, None),
        (Error(3.0, at=0.0), True),
        (Error(2.9, at=0.0), False),
        (Error(1e-2, at=0.0, unit="relative"), True),
        (Error(9e-3, at=0.0, unit="relative"), False),
    ],
)
def test_a_promise_is_judged_in_its_own_unit(stated, holds):
    assert measurement("x", 1e-2, 1.0, stated=stated, max_ulp=3.0).holds is holds


@pytest.mark.parametrize(("absolute", "holds"), [(1e-8, True), (0.9e-8, False)])
def test_a_promised_absolute_error_must_hold_too(absolute, holds):
    row = measurement("x", 1e-2, 1.0, stated=Error(1e-2, at=0.0, unit="relative"))
    promised = Error(absolute, at=0.0, unit="absolute")
    assert replace(row, stated_absolute=promised).holds is holds
    assert replace(row, stated=None, stated_absolute=promised).holds is holds


def test_activations_of_a_tier_are_held_against_what_is_stated_of_them():
    few = {"float32": 4096, "float64": 256}
    found = comparison.compare("elu", None, "", ("float32",), libraries=(), seconds=0.01, points=few)
    rows = {m.name: m for m in found.measurements}
    assert rows["schraudolph"].stated is None  # relative to elu(x) near 0 it is of any size
    assert rows["schraudolph"].stated_absolute in stated("schraudolph", "elu", "float32")
    assert (rows["r1e4"].stated, rows["r1e4"].stated_absolute) == stated("r1e4", "elu", "float32")
    assert all(m.holds for m in rows.values())
    assert "max abs." in found.columns
    assert "0.025 abs." in found.to_markdown()


def test_what_is_not_finite_is_still_json():
    row = replace(measurement("x", math.nan, 1.0, max_ulp=math.inf), interval=(-math.inf, math.inf))
    found = comparison.Comparison("exp", "e^x", "", {}, {}, tuple(comparison._front([row])))
    parsed = json.loads(found.to_json(), parse_constant=lambda text: pytest.fail(f"{text} is not JSON"))
    assert parsed["measurements"][0]["anywhere"]["max_ulp"] == "inf"


def test_values_that_overflow_in_one_type_are_left_out_there_only():
    few = {"float32": 256, "float64": 256}
    values = np.array([1.0, 2.0, 1e300])
    found = comparison.compare("relu", values, "three", libraries=(), seconds=0.01, points=few)
    assert {m.dtype: m.on_input.points for m in found.measurements} == {"float32": 2, "float64": 3}


def test_steps_are_told_in_order():
    told = []
    few = {"float32": 256, "float64": 256}
    comparison.compare("relu", libraries=(), seconds=0.01, points=few, step=lambda done, _: told.append(done))
    assert told[0] == 0.0
    assert told[-1] == 1.0
    assert told == sorted(told)


def test_values_of_which_none_is_finite_are_refused():
    with pytest.raises(ValueError, match="none of the 2 values is finite in float32"):
        comparison.compare("relu", np.array([np.nan, 1e300]), libraries=(), seconds=0.01)


@pytest.mark.parametrize("dtype", comparison.DTYPES)
@pytest.mark.parametrize("library", peers.installed())
def test_a_library_computes_the_same_function(library, dtype):
    x = np.linspace(-5, 5, 101).astype(dtype)
    tried = 0
    with peers.one_thread(library), np.errstate(all="ignore"):
        for name in ("exp", "sigmoid", "tanh", "relu"):
            prepare = peers.peer(library, act.catalogue[name])
            if prepare is None:
                continue
            found = np.asarray(prepare(x, np.empty_like(x))())
            assert found.dtype == dtype
            np.testing.assert_allclose(found, getattr(act, name)(x), rtol=1e-5)
            tried += 1
    assert tried


def test_a_library_that_we_do_not_know_is_named():
    with pytest.raises(ValueError, match=r"no library 'matlab': there are numpy"):
        peers.peer("matlab", act.catalogue["exp"])


def test_times_are_per_element_and_of_every_call():
    x = np.ones(10_000)
    found = timing.nanoseconds({"long": lambda: np.sqrt(x), "short": lambda: np.sqrt(x[:10])}, x.size, seconds=0.05)
    assert set(found) == {"long", "short"}
    assert 0 < found["short"] < found["long"] < 1000


@pytest.mark.parametrize(("size", "dtype"), [("L1", "float32"), ("memory", "float64")])
def test_sizes_count_input_and_output(size, dtype):
    assert 2 * timing.elements(size, dtype) * np.dtype(dtype).itemsize == timing.SIZES[size]


def test_names_in_a_picture_cover_no_point_and_no_other_name():
    pytest.importorskip("matplotlib")
    from matplotlib.text import Text

    from numba_activations.analysis.plots import comparison_figure

    crowd = [measurement(f"schraudolph_{k}", 0.03 + k / 200, 0.12 + k / 1000) for k in range(5)]
    frame = [measurement("exact", 1e-8, 5.0), measurement("fast", 0.01, 0.11)]
    rows = tuple(replace(m, dominated_by=dict.fromkeys(timing.SIZES)) for m in (*crowd, *frame))
    copy = {"float32": dict.fromkeys(timing.SIZES, 0.13)}
    figure = comparison_figure(comparison.Comparison("sigmoid", "", "", {}, copy, rows))
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    for axes in (a for a in figure.axes if a.texts):
        boxes = [Text.get_window_extent(text, renderer) for text in axes.texts]
        assert len(boxes) == len(rows) + 1  # np.copyto
        points = axes.transData.transform([(m.nanoseconds["L2"], m.anywhere.max_relative) for m in rows])
        for k, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:k])
            assert not any(box.contains(*point) for point in points)
            assert axes.get_window_extent(renderer).padded(1).contains(box.x1, box.y0)
        near = {t.get_text(): not t.arrow_patch.get_visible() for t in axes.texts if t.get_text() != "np.copyto"}
        assert near["exact"]
        assert not all(near.values())  # a line leads to those that found no room beside their points
