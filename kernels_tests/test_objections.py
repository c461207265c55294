"""The three objections: what the numbers must say by arithmetic, and that tables, pictures and sentences carry them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from numba_activations.analysis.objections import Examples, cost, vanishing, zero_centred
from numba_activations.analysis.objections.zero_centred import RATES
from numba_activations.training import LayerActivation

pytest.importorskip("scipy")


@pytest.fixture(scope="module")
def found():
    return {
        "vanishing": vanishing(activations=("sigmoid", "tanh"), initialisations=("lecun",), depths=(1, 4), epochs=2),
        "zero-centred": zero_centred(activations=("sigmoid", "tanh"), batch_sizes=(1, 8), epochs=1),
        "cost": cost(activations=("libm.sigmoid", "sigmoid"), widths=(8, 16), epochs=1, repetitions=2, seconds=1),
    }


def test_no_sigmoid_is_steeper_than_a_quarter():
    from numba_activations.analysis.objections.vanishing import steepest

    assert steepest(LayerActivation.parse("sigmoid")) == 0.25
    assert steepest(LayerActivation.parse("tanh")) == 1.0
    assert steepest(LayerActivation.parse("leaky_relu(negative_slope=3)")) == 3.0


def test_gradients_vanish_behind_sigmoids_and_not_behind_tanh(found):
    runs = {(run.activation, run.depth): run for run in found["vanishing"].runs}
    assert runs["sigmoid", 4].without_weights == 0.25**3
    assert runs["sigmoid", 4].factor < 0.4 < 0.8 < runs["tanh", 4].factor
    assert len(runs["sigmoid", 4].moments) == 3
    assert runs["sigmoid", 4].moments[0].gradients.shape == (5,)
    assert all(0 <= share <= 1 for run in runs.values() for m in run.moments for share in m.saturated)


def test_gradients_agree_with_numpy():
    from numba_activations.analysis.objections.vanishing import _moment
    from numba_activations.training import Network, initialise

    examples = Examples.digits()
    X, y = examples.X[:512].astype(np.float64), examples.y[:512]
    parameters = initialise(Network.of((64, 8, 10), "sigmoid"), 3)
    (w1, w2), (b1, b2) = ([p.astype(np.float64) for p in part] for part in (parameters.weights, parameters.biases))
    hidden = 1 / (1 + np.exp(-(X @ w1 + b1)))
    logits = hidden @ w2 + b2
    delta = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - np.eye(10)[y]
    expected = [X.T @ (delta @ w2.T * hidden * (1 - hidden)), hidden.T @ delta]
    np.testing.assert_allclose(
        _moment(parameters, examples, 0).gradients, [np.linalg.norm(g) / 512 for g in expected], rtol=1e-5
    )


def test_one_example_gives_one_sign_behind_a_sigmoid_only(found):
    signs = {(s.activation, s.moment): s for s in found["zero-centred"].signs}
    for moment in ("at the start", "trained"):
        assert signs["sigmoid", moment].shares[1] == 1.0
        assert signs["tanh", moment].shares[1] < 0.05
    assert signs["sigmoid", "at the start"].shares[8] < 1.0


def test_positive_inputs_forbid_every_wanted_step(found):
    positive, centred = found["zero-centred"].descents
    assert positive.forbidden == 1.0
    assert centred.forbidden < 0.8
    assert positive.length > 2 * centred.length >= 2
    assert positive.steps > 2 * centred.steps
    for descent in (positive, centred):
        assert descent.learning_rate not in (RATES[0], RATES[-1])
        assert descent.path.shape == (descent.steps + 1, 2)
        assert np.linalg.norm(descent.path[-1] - [1, -1]) < 0.02


def test_shares_are_shares_and_accuracies_those_of_networks_that_learnt(found):
    for price in found["cost"].prices:
        assert set(price.shares) == {8, 16}
        assert all(0 < share < 1 for share in price.shares.values())
        assert 0.2 < price.accuracy <= 1


def test_one_epoch_is_no_epochs_and_two_are(found):
    assert "after 1 epoch," in found["cost"].tables()[0].title
    assert "after 2 epochs," in found["vanishing"].tables()[-1].title


def test_tiers_of_one_activation_have_lines_of_their_own():
    from numba_activations.analysis.objections.findings import line

    looks = [line(0, tier) for tier in range(6)]
    for what in ("linestyle", "marker"):
        assert len({str(look[what]) for look in looks}) == 6


@pytest.mark.parametrize("name", ["vanishing", "zero-centred", "cost"])
def test_every_result_tells_prints_draws_and_stores(found, name):
    result = found[name]
    assert result.name == name
    sentences = result.sentences()
    assert len(sentences) == 2
    assert all(s.endswith(".") and any(c.isdigit() for c in s) for s in sentences)
    for table in result.tables():
        assert table.rows
        assert all(len(row) == len(table.header) for row in table.rows)
    stored = json.loads(result.to_json())
    assert stored["objection"] == name
    assert stored["found"] == list(sentences)
    pytest.importorskip("matplotlib")
    from numba_activations.analysis.plots import image

    assert image(result.draw(), "png").startswith(b"\x89PNG")


def test_one_layer_and_one_batch_size_are_told_without_what_they_lack(found):
    one_layer = replace(found["vanishing"], runs=[run for run in found["vanishing"].runs if run.depth == 1])
    first, _ = one_layer.sentences()
    assert first.startswith("At the start, with 1 hidden layer, ")
    assert "a factor of" not in first
    assert "nan" not in str([table.rows for table in one_layer.tables()])
    larger = zero_centred(activations=("sigmoid",), batch_sizes=(8,), epochs=1)
    assert set(larger.signs[0].shares) == {1, 8}
    only = replace(larger, signs=[replace(s, shares={1: s.shares[1]}) for s in larger.signs])
    assert "over a batch" in larger.sentences()[0]
    assert "over a batch" not in only.sentences()[0]


def test_what_is_no_number_is_null_in_json_and_in_no_sentence():
    found = vanishing(activations=("exp",), initialisations=("lecun",), depths=(3,), epochs=1)
    text = "".join(found.sentences()) + found.to_json() + str([table.rows for table in found.tables()])
    assert "nan" not in text.lower()
    json.loads(found.to_json(), parse_constant=pytest.fail)


def test_one_activation_is_compared_with_none(found):
    prices = found["cost"].prices[:1]
    first, second = replace(found["cost"], prices=[replace(prices[0], shares={8: 0.25})]).sentences()
    assert "25.0 % of an epoch with 8 hidden units: it hardly" in first
    assert second.startswith("It reaches ")
    tanh = [s for s in found["zero-centred"].signs if s.activation == "tanh"]
    assert (
        replace(found["zero-centred"], signs=tanh)
        .sentences()[0]
        .startswith("At the start, the gradients that one example gives a unit's weights all have one sign for ")
    )


def test_sentences_follow_the_numbers(found):
    result = found["vanishing"]
    only = replace(result, runs=[run for run in result.runs if run.activation == "tanh"])
    assert "sigmoid" in result.sentences()[0]
    assert "sigmoid" not in " ".join(only.sentences())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vanishing(depths=(0, 3)), r"depths \(0, 3\)"),
        (lambda: vanishing(activations=("sigmiod",)), "sigmiod.*did you mean"),
        (lambda: zero_centred(batch_sizes=(5000,)), r"batch sizes \(5000,\)"),
        (lambda: cost(widths=()), r"widths \(\)"),
        (lambda: cost(epochs=0), "epochs is 0: it must be at least 1"),
        (lambda: vanishing(epochs=-1), "epochs is -1: it must be at least 1"),
        (lambda: zero_centred(epochs=0), "epochs is 0: it must be at least 1"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
