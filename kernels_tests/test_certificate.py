"""The exhaustive certificate: what judges finds every error, and the command resumes."""

import json

import mpmath
import numpy as np
import pytest
from rows import ordinary, special

import numba_activations as act
from numba_activations.analysis import accuracy, certificate
from numba_activations.cli import main
from numba_activations.engine import lowering
from numba_activations.kernels import coefficients_tanh, primitives
from numba_activations.kernels.tiers import full
from numba_activations.records import HALVES, ROOT_ZONE


def judged(name, dtype="float16"):
    certificate._compiled()
    return certificate.Judge(act.catalogue[name], dtype)


@pytest.mark.parametrize("name", ["hard_swish", "silu", "relu6"])
def test_the_units_are_every_finite_number_once(name):
    seen = np.zeros(2**16, int)
    for negative, first, last in judged(name).units():
        seen[(0x8000 if negative else 0) + np.arange(first, last + 1)] += 1
    finite = np.isfinite(np.arange(2**16, dtype=np.uint16).view(np.float16))
    np.testing.assert_array_equal(seen, finite)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_errors_are_those_of_the_accuracy_measurement(dtype):
    row, x = act.catalogue["tanh"], np.concatenate([special(dtype), ordinary(dtype)])
    x = x[np.isfinite(x)]
    truth, found = accuracy.truth(row, x), act.tanh(x)
    wanted = np.abs(truth.error(found))
    found = certificate.errors_of(found, truth.near, accuracy.Format.of(dtype))
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("found", "exact", "error"),
    [
        (np.nan, np.nan, 0.0),
        (np.nan, 1.0, np.inf),
        (1.0, np.nan, np.inf),
        (np.inf, 1e300, 0.0),
        (np.inf, 65504.0, 1.0),
        (65504.0, 2.0**16, 1.0),
        (-np.inf, np.inf, 2.0**12),
        (2.0**-24, 0.0, 1.0),
        (1.0, 1 + 2.0**-12, 0.25),
    ],
)
def test_errors_at_the_ends_of_the_range(found, exact, error):
    form = accuracy.Format.of("float16")
    assert certificate.errors_of(np.array([found], np.float16), np.array([exact]), form) == [error]


@pytest.mark.parametrize("place", [-3.0, -2.5, 2.0**-24, 0.0, 1.0, 65504.0])
@pytest.mark.parametrize("half", [0, 1])
def test_one_wrong_number_among_all_is_the_witness(place, half, monkeypatch):
    record, x = act.catalogue["tanh"], np.float16(place)
    function = act.value_and_derivative.tanh

    def off_by_three(numbers):
        results = [r.copy() for r in function(numbers)]
        results[half][numbers == x] += 3 * np.spacing(results[half][numbers == x])
        return results

    monkeypatch.setattr(certificate.registry, "function", lambda key: off_by_three)
    entry = certificate.certify(record, "float16", threads=1)[HALVES[half]]
    assert 2.4 < entry["max_ulp"] < 6.1  # the exact value may lie below a power of two, and the result above
    assert float.fromhex(entry["at"]) == place
    assert entry["patterns"] == 63488


def test_a_domain_a_pole_and_kinks_are_judged():
    for name in ("log1p", "hard_swish", "relu6"):
        entry = certificate.certify(act.catalogue[name], "float16")
        for half in HALVES:
            assert entry[half]["max_ulp"] <= 0.502
            assert entry[half]["correctly_rounded"] > 0.999


def test_near_its_root_a_derivative_is_judged_absolutely():
    row = act.catalogue["silu"]
    entry = certificate.certify(row, "float16")
    x = np.arange(2**16, dtype=np.uint16).view(np.float16)
    near = np.abs(x[np.isfinite(x)].astype(np.float64) - row.root) <= ROOT_ZONE
    assert abs(entry["near_root"]["patterns"] - near.sum()) <= 2
    assert entry["derivative"]["patterns"] + entry["near_root"]["patterns"] == 63488
    assert entry["derivative"]["max_ulp"] < 0.502
    assert 0 < entry["near_root"]["max_absolute"] < 0.05 * 2.0**-11


def test_float32_pieces_give_what_mpmath_gives():
    row, judge = act.catalogue["tanh"], judged("tanh", "float32")
    first = int(np.float32(0.7).view(np.uint32))
    tallies = judge.judge(True, first, first + 4999)
    x = -np.arange(first, first + 5000, dtype=np.uint32).view(np.float32)
    for tally, found, derivative in zip(tallies[:2], act.value_and_derivative.tanh(x), (False, True), strict=True):
        exact = np.concatenate([accuracy.truth(row, part, derivative).error(y) for part, y in parts(x, found)])
        assert tally.patterns == 5000
        assert tally.worst == pytest.approx(np.abs(exact).max(), abs=certificate.TOLERANCE)
        assert tally.sum == pytest.approx(np.abs(exact).sum(), rel=certificate.TOLERANCE)


def parts(x, y):
    return zip(np.array_split(x, 10), np.array_split(y, 10), strict=True)


def test_the_witness_is_confirmed_in_mpmath():
    entry = certificate.certify(act.catalogue["sigmoid"], "float16")["value"]
    at, got, wanted = (float.fromhex(entry[key]) for key in ("at", "got", "wanted"))
    assert act.sigmoid(np.float16(at)) == got
    assert wanted == pytest.approx(float(1 / (1 + mpmath.exp(-mpmath.mpf(at)))), rel=1e-15)


def test_the_digest_depends_on_all_that_a_kernel_reaches(monkeypatch):
    before = {name: certificate.digest(act.catalogue[name]) for name in ("sigmoid", "relu", "hard_swish")}
    assert len(set(before.values())) == 3
    kernel = act.catalogue["hard_swish"].kernel
    monkeypatch.setitem(kernel.__globals__, "sixth", act.catalogue["relu"].kernel)
    assert certificate.digest(act.catalogue["hard_swish"]) != before["hard_swish"]
    assert certificate.digest(act.catalogue["relu"]) == before["relu"]


def test_the_digest_depends_on_what_a_kernel_asks_of_the_tier_also_under_its_own_name(monkeypatch):
    names = "exp", "expm1", "elu", "sigmoid"
    before = {name: certificate.digest(act.catalogue[name]) for name in names}
    monkeypatch.setattr(full, "exp", full.reduced)
    assert [certificate.digest(act.catalogue[name]) == before[name] for name in names] == [False, False, False, True]


def test_the_digest_depends_on_coefficients_and_on_the_instructions_of_primitives(monkeypatch):
    names = "tanh", "sigmoid", "relu"
    before = {name: certificate.digest(act.catalogue[name]) for name in names}
    monkeypatch.setattr(coefficients_tanh, "NUMERATOR_DOUBLE", coefficients_tanh.NUMERATOR_DOUBLE[1:])
    assert [certificate.digest(act.catalogue[name]) == before[name] for name in names] == [False, True, True]
    monkeypatch.setitem(lowering.BUILDERS, primitives.fma, lowering.BUILDERS[primitives.copysign])
    assert [certificate.digest(act.catalogue[name]) == before[name] for name in names] == [False, False, True]


def test_the_command_writes_resumes_and_refuses(tmp_path, monkeypatch, capsys):
    path = tmp_path / "certificate.json"
    assert main(["certify", "relu", "linear", "--output", str(path), "--threads", "1"]) == 0
    assert set(json.loads(path.read_text())) == {"relu", "identity"}
    assert "63488" not in capsys.readouterr().err
    monkeypatch.setattr(certificate, "certify", lambda *_: pytest.fail("judged again"))
    assert main(["certify", "relu", "identity", "--output", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "correctly rounded" in printed
    assert "…" not in printed
    content = json.loads(path.read_text())
    content["relu"]["float16"]["digest"] = "of another kernel"
    path.write_text(json.dumps(content))
    assert not certificate.is_current(certificate.load(path), act.catalogue["relu"], "float16")
    del content["relu"]["float16"]["digest"]
    assert not certificate.is_current(content, act.catalogue["relu"], "float16")
    for wrong, message in (
        (["no_such_function"], "no_such_function"),
        (["--threads", "0"], "at least 1"),
        (["--output", str(tmp_path / "missing" / "file")], "does not exist"),
    ):
        assert main(["certify", *wrong]) == 2
        assert message in capsys.readouterr().err
    for strange in ("nothing", "[1]", '{"relu": 1}'):
        path.write_text(strange)
        assert main(["certify", "relu", "--output", str(path)]) == 2
        assert "no certificate" in capsys.readouterr().err
        assert path.read_text() == strange


@pytest.fixture(scope="module")
def committed():
    return certificate.load()


@pytest.mark.parametrize("name", act.catalogue)
def test_the_committed_certificate_judges_the_code_as_it_is(name, committed):
    record = act.catalogue[name]
    for dtype in ("float16", "float32") if record.uses_exp else ("float16",):
        assert certificate.is_current(committed, record, dtype), (
            f"{name} has changed since it was judged in {dtype}: run numba-activations certify --exhaustive {name} "
            f"--output {certificate.COMMITTED}"
        )


@pytest.mark.parametrize("name", act.catalogue)
def test_no_judged_error_exceeds_what_is_stated(name, committed):
    entry, bounds = committed[name].get("float32"), act.catalogue[name].bounds["float32"]
    if entry is not None:
        for half in HALVES:
            assert entry[half]["max_ulp"] <= getattr(bounds, half).size
        if bounds.near_root is not None:
            assert entry["near_root"]["max_absolute"] <= bounds.near_root.size
