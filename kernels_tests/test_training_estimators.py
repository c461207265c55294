"""MLPClassifier and MLPRegressor: as scikit-learn's, the same for the same seed, and never at a loss."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from numba_activations.data import digits
from numba_activations.training import MLPClassifier, MLPRegressor
from numba_activations.training.progress import Progress

pytest.importorskip("scipy")
pytestmark = pytest.mark.filterwarnings("ignore:.*Maximum iterations")  # few epochs are enough to see a rule at work


@pytest.fixture(scope="module")
def data():
    return digits()


def quick(**parameters) -> MLPClassifier:
    return MLPClassifier(
        **{"hidden_layer_sizes": (16,), "max_iter": 3, "random_state": 0, "batch_size": 100} | parameters
    )


def quick_regressor(**parameters) -> MLPRegressor:
    return MLPRegressor(
        **{"hidden_layer_sizes": (16,), "max_iter": 3, "random_state": 0, "batch_size": 64} | parameters
    )


def same_weights(a, b) -> bool:
    return np.array_equal(a._fitted.vector, b._fitted.vector)


# As scikit-learn's


@pytest.mark.parametrize("estimator", [MLPClassifier(), MLPRegressor()], ids=lambda e: type(e).__name__)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_takes_them_for_its_own(estimator):
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    for result in checks.check_estimator(estimator, on_fail=None, on_skip=None):
        assert result["status"] in ("passed", "skipped"), (result["check_name"], result["exception"])


@pytest.mark.filterwarnings("ignore:Got `batch_size`")
@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "adam", "alpha": 0.5},
        {"solver": "sgd", "alpha": 0.5, "learning_rate_init": 0.05},
        {"solver": "sgd", "nesterovs_momentum": False, "learning_rate_init": 0.05},
        {"solver": "sgd", "momentum": 0.0, "alpha": 0.5, "learning_rate_init": 0.1},
        {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5, "max_iter": 6},
        {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "n_iter_no_change": 1, "tol": 0.05},
        {"solver": "lbfgs", "max_iter": 8},
        {"activation": "tanh", "batch_size": 10_000},
        {"activation": "logistic", "hidden_layer_sizes": ()},
        {"activation": "logistic", "hidden_layer_sizes": (9, 7)},
    ],
    ids=str,
)
@pytest.mark.parametrize("task", ["digits", "two classes", "several labels", "numbers"])
@pytest.mark.filterwarnings("ignore:.*lbfgs failed to converge")
def test_the_same_weights_as_scikit_learn_from_the_same_start(data, task, parameters):
    sklearn = pytest.importorskip("sklearn.neural_network")
    X, y = data[0][:450].astype(np.float64), data[1][:450]
    regression = task == "numbers"
    y = {
        "digits": y,
        "two classes": np.where(y > 4, "large", "small"),
        "several labels": np.c_[y % 2, y > 4].astype(int),
        "numbers": y / 9,
    }[task]
    common = {"hidden_layer_sizes": (16,), "max_iter": 12, "shuffle": False, "random_state": 0, "tol": 0.0}
    common |= {"warm_start": True} | parameters
    ours = (MLPRegressor if regression else MLPClassifier)(**common)
    theirs = (sklearn.MLPRegressor if regression else sklearn.MLPClassifier)(**common)
    for model in (ours, theirs):
        model.set_params(max_iter=1).fit(X, y)
    for kind in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, kind), getattr(theirs, kind), strict=True):
            mine[:] = other
    if parameters.get("solver") != "lbfgs":
        ours.best_loss_, ours._no_improvement = theirs.best_loss_, theirs._no_improvement_count
    for model in (ours, theirs):
        model.set_params(max_iter=common["max_iter"]).fit(X, y)
    assert ours.n_iter_ == theirs.n_iter_
    for kind in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, kind), getattr(theirs, kind), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)
    if regression:
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-4, atol=1e-6)
    else:
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-5, atol=1e-8)
        np.testing.assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-4, atol=1e-6)
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y), rel=1e-6)
    assert ours.out_activation_ == theirs.out_activation_
    if parameters.get("solver") != "lbfgs":
        # Ours counts the penalty with the weights that an epoch begins with, scikit-learn's with those of each batch.
        np.testing.assert_allclose(ours.loss_curve_[1:], theirs.loss_curve_[1:], rtol=2e-2)
        if parameters.get("alpha") is None:
            np.testing.assert_allclose(ours.loss_curve_[1:], theirs.loss_curve_[1:], rtol=2e-4)


def test_they_work_without_scikit_learn_and_start_without_numba(tmp_path):
    """A second process neither imports Numba, for everything is cached, nor scikit-learn, which nobody asked for."""
    program = """
import sys
from numba_activations.data import digits
from numba_activations.training import MLPClassifier
X, y = digits()
model = MLPClassifier((8,), 'sigmoid', max_iter=2, random_state=0).fit(X, y)
try:
    MLPClassifier().predict(X)
except ValueError as error:
    assert 'not fitted' in str(error)
print(model.score(X, y), *(name for name in ('numba', 'sklearn') if name in sys.modules))
"""
    command = [sys.executable, "-W", "ignore", "-c", program]
    subprocess.run(command, check=True, capture_output=True)
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert len(result.stdout.split()) == 1


def test_they_can_be_cloned_searched_pickled_and_piped(data):
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = data
    search = GridSearchCV(quick(), {"activation": ["tanh", "schraudolph.sigmoid"]}, cv=2).fit(X, y)
    assert search.best_params_["activation"] in ("tanh", "schraudolph.sigmoid")
    pipeline = make_pipeline(StandardScaler(), clone(quick(max_iter=20))).fit(X, y)
    assert pipeline.score(X, y) > 0.5
    model = quick().fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert same_weights(model, again)
    again.coefs_[0][:] = 0
    assert not again._parameters.vector[: again.coefs_[0].size].any(), "coefs_ are views after pickling too"


# The same for the same seed, interrupted or not


@pytest.mark.parametrize("solver", ["sgd", "adam", "rmsprop", "lbfgs"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("ignore:.*lbfgs failed")
def test_the_same_seed_gives_the_same_bits(data, solver, dtype):
    X, y = data[0].astype(dtype), data[1]
    models = [quick(solver=solver, random_state=seed).fit(X, y) for seed in (1, 1, 2)]
    assert models[0].coefs_[0].dtype == dtype
    assert same_weights(*models[:2])
    assert not same_weights(*models[1:])


@pytest.mark.parametrize(
    "view",
    [
        np.asfortranarray,
        lambda X: np.repeat(X, 2, axis=1)[:, ::2],
        lambda X: X[::-1][::-1],
        lambda X: X.astype(">f4"),
        memoryview,
        lambda X: (X.setflags(write=False), X)[1],
    ],
)
def test_any_layout_gives_the_same_bits(data, view):
    X, y = data
    assert same_weights(quick().fit(X.copy(), y), quick().fit(view(X.copy()), y))


def test_a_memory_map_is_trained_on_where_it_lies(data, tmp_path):
    X, y = data
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert same_weights(quick().fit(X, y), quick().fit(mapped, y))


@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "sgd"},
        {"solver": "adam"},
        {"solver": "rmsprop"},
        {"solver": "sgd", "learning_rate": "invscaling"},
        {"early_stopping": True},
        {"shuffle": False},
    ],
    ids=str,
)
def test_a_saved_training_goes_on_as_if_it_had_not_stopped(data, tmp_path, parameters):
    X, y = data
    whole = quick(max_iter=6, **parameters).fit(X, y)
    part = quick(max_iter=6, **parameters).fit(X, y, callback=lambda epoch, model: epoch == 2)
    assert part.n_iter_ == 2
    part.save(tmp_path / "model.npz")
    resumed = MLPClassifier.load(tmp_path / "model.npz").resume(X, y)
    assert same_weights(whole, resumed)
    assert resumed.loss_curve_ == whole.loss_curve_
    assert resumed.validation_scores_ == whole.validation_scores_
    np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))


class _Interruption:
    """Presses Ctrl-C once, a while after the end of the first epoch: `fit` is in its compiled loop then."""

    def __init__(self, after: float) -> None:
        self._timer = threading.Timer(after, self._press)

    def __call__(self, epoch: int, estimator: MLPClassifier) -> None:
        if epoch == 1:
            self._timer.start()

    def _press(self) -> None:
        self.pressed = time.perf_counter()
        signal.raise_signal(signal.SIGINT) if os.name == "nt" else os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_stops_at_once_and_leaves_a_fitted_estimator_that_can_go_on(ctrl_c):
    generator = np.random.default_rng(0)
    X = generator.normal(size=(20_000, 300)).astype(np.float32)
    y = generator.integers(0, 5, len(X))
    parameters = {"hidden_layer_sizes": (200,), "random_state": 0, "tol": 0.0}
    MLPClassifier(**parameters, max_iter=1).fit(X[:500], y[:500])  # all is compiled
    stopped = MLPClassifier(**parameters, max_iter=10_000)  # more than any machine trains before it is stopped
    interruption = _Interruption(0.1)
    with pytest.warns(UserWarning, match="interrupted"):
        stopped.fit(X, y, callback=interruption)
    assert time.perf_counter() - interruption.pressed < 0.5  # 0.1 on an idle machine
    assert 0 <= stopped._position <= len(X)
    assert stopped.predict(X[:3]).shape == (3,)
    stopped.max_iter = stopped.n_iter_ + 1
    whole = MLPClassifier(**parameters, max_iter=stopped.max_iter).fit(X, y)
    assert same_weights(stopped.resume(X, y), whole)
    assert stopped.loss_curve_ == whole.loss_curve_


@pytest.mark.parametrize("place", ["first rows", "last rows", "validation"])
def test_ctrl_c_anywhere_in_an_epoch_loses_nothing(data, monkeypatch, place):
    X, y = data
    parameters = {"early_stopping": True, "max_iter": 3, "tol": 0.0}
    whole = quick(**parameters).fit(X, y)
    rows = len(X) - len(whole._validation)
    stopped = quick(**parameters)

    def at(self, position, loss):
        if stopped.n_iter_ == 1 and (place == "first rows" or position == rows):
            raise KeyboardInterrupt

    def score(self, X, encoded):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MLPClassifier, "_score", score) if place == "validation" else patch.setattr(Progress, "at", at)
        with pytest.warns(UserWarning, match="interrupted"):
            stopped.fit(X, y)
    assert stopped.n_iter_ == (0 if place == "validation" else 1)
    assert same_weights(stopped.resume(X, y), whole)
    assert stopped.loss_curve_ == whole.loss_curve_
    assert stopped.validation_scores_ == whole.validation_scores_


def test_partial_fit_goes_on(data):
    X, y = data
    model = quick(shuffle=False, batch_size=100)
    for _ in range(2):
        model.partial_fit(X, y, classes=range(10))
    assert same_weights(model, quick(shuffle=False, max_iter=2).fit(X, y))
    model = quick()
    for start in range(0, 1500, 300):
        model.partial_fit(X[start : start + 300], y[start : start + 300], classes=np.arange(12))
    assert model.classes_.tolist() == list(range(12))
    with pytest.raises(ValueError, match=r"labels \[12\]: classes_ are"):
        model.partial_fit(X, y + 3)


# What a training does


def test_it_learns(data):
    X, y = data
    model = MLPClassifier((32,), "sigmoid", solver="adam", learning_rate_init=0.01, max_iter=60, random_state=0)
    assert model.fit(X[:1400], y[:1400]).score(X[1400:], y[1400:]) > 0.9
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 5


@pytest.mark.parametrize("activation", ["schraudolph.sigmoid", "leaky_relu(negative_slope=0.2)", ("tanh", "relu")])
def test_every_way_to_name_an_activation(data, activation):
    X, y = data
    sizes = (16,) if isinstance(activation, str) else (16, 12)
    assert quick(hidden_layer_sizes=sizes, activation=activation, max_iter=15).fit(X, y).score(X, y) > 0.6


def test_early_stopping_keeps_the_best_weights(data):
    X, y = data
    model = quick(early_stopping=True, max_iter=40, n_iter_no_change=2, learning_rate_init=0.05).fit(X, y)
    assert model.n_iter_ < 40
    assert model.best_validation_score_ == max(model.validation_scores_)
    held = model._validation
    assert model.score(X[held], y[held]) == model.best_validation_score_
    assert len(held) == 180
    assert np.all(np.bincount(y[held]) >= 17), "every class has its share"


def test_training_goes_on_from_the_best_weights_with_and_without_early_stopping(data):
    X, y = data
    model = quick(early_stopping=True, max_iter=40, n_iter_no_change=2, learning_rate_init=0.05).fit(X, y)
    best = model.coefs_[0].copy()
    model.set_params(early_stopping=False, warm_start=True, max_iter=1, learning_rate_init=1e-12).fit(X, y)
    np.testing.assert_allclose(model.coefs_[0], best, atol=1e-6)
    assert model.validation_scores_ is None
    model.set_params(early_stopping=True).fit(X, y)
    assert len(model.validation_scores_) == 1
    model.set_params(early_stopping=False, learning_rate_init=0.05).partial_fit(X, y)
    assert model.loss_ == model.loss_curve_[-1]
    assert not np.array_equal(model.coefs_[0], best)


def test_the_callback_hears_of_every_epoch_and_may_end_it(data):
    X, y = data
    heard = []

    def callback(epoch, model):
        heard.append((epoch, model.loss_, model.score(X, y)))
        return epoch == 2

    quick(max_iter=5).fit(X, y, callback=callback)
    assert [epoch for epoch, *_ in heard] == [1, 2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_loss_that_diverges_keeps_the_last_finite_weights(dtype):
    X = np.linspace(-1, 1, 60, dtype=dtype)[:, None]
    model = quick_regressor(solver="sgd", learning_rate_init=0.01, max_iter=50, warm_start=True, batch_size=20)
    model.fit(X, X[:, 0])
    before = model._parameters.vector.copy()
    model.set_params(learning_rate_init=1e30 if dtype == np.float32 else 1e200)
    with pytest.warns(UserWarning, match="loss is not finite in epoch 1"):
        model.fit(X, X[:, 0])
    np.testing.assert_array_equal(model._parameters.vector, before)
    assert np.isfinite(model.predict(X)).all()


def test_verbose_shows_progress(data, capsys):
    quick(verbose=True).fit(*data)
    lines = [line for line in capsys.readouterr().out.splitlines() if "rows/s" in line]
    assert [line.split()[:3] for line in lines] == [["epoch", f"{k}/3", "loss"] for k in (1, 2, 3)]


def test_verbose_without_rich(data, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    quick(verbose=True).fit(*data)
    assert capsys.readouterr().out.count("rows/s") == 3


# What it refuses


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden_layer_sizes": (3, 0)}, r"'hidden_layer_sizes' parameter .* Got \(3, 0\)"),
        ({"activation": "sigmod"}, "did you mean sigmoid"),
        ({"solver": "newton"}, "one of sgd, adam, rmsprop, lbfgs"),
        ({"alpha": -1.0}, "'alpha' parameter"),
        ({"batch_size": 0}, "'batch_size' parameter"),
        ({"learning_rate_init": 0}, "'learning_rate_init' parameter"),
        ({"max_iter": 0}, "'max_iter' parameter"),
        ({"beta_2": 1.0}, "'beta_2' parameter"),
        ({"momentum": 1.5}, "'momentum' parameter"),
        ({"validation_fraction": 1.0}, "'validation_fraction' parameter"),
        ({"shuffle": 2}, "'shuffle' parameter"),
        ({"initialisation": "zeros"}, "one of auto, glorot, he, lecun"),
        ({"early_stopping": True, "validation_fraction": 0.0001}, "of 1797 rows it leaves 1796 to train and 1"),
    ],
)
def test_a_wrong_parameter_is_an_error_that_says_what_would_be_right(data, parameters, message):
    with pytest.raises(ValueError, match=message):
        quick(**parameters).fit(*data)


def _broken(X, value):
    X = X.copy()
    X[5, 7] = value
    return X


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda X, y: (_broken(X, np.nan), y), r"Input X contains NaN: X\[5, 7\]"),
        (lambda X, y: (_broken(X, -np.inf), y), "Input X contains infinity"),
        (lambda X, y: (X[:, 0], y), "Expected 2D array, got 1D array"),
        (lambda X, y: (X, y[:-1]), r"inconsistent numbers of samples: \[1797, 1796\]"),
        (lambda X, y: (X, np.zeros(len(X))), "one class only"),
        (lambda X, y: (X, y + 0.5), "continuous"),
        (lambda X, y: (X, None), "requires y"),
        (lambda X, y: (X[:0], y[:0]), r"0 sample\(s\)"),
        (lambda X, y: (X.astype(complex), y), "Complex data not supported: X"),
        (lambda X, y: (X, y + 0j), "Complex data not supported: y"),
        (lambda X, y: (X.astype(int).astype("M8[s]"), y), r"X is datetime64\[s\]: it must be numbers"),
        (lambda X, y: (X[:, :9], y[:-1]), "inconsistent numbers"),
        (lambda X, y: (X[:8], y[:8]), "of 8 rows it leaves 7 to train and 1 to validate"),
    ],
)
def test_wrong_data_are_an_error_that_says_where_and_leave_a_fitted_model_as_it_was(data, make, message):
    X, y = make(*data)
    model = quick(early_stopping=True).fit(*data)
    before, attributes = model.predict_proba(data[0]), set(vars(model))
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(data[0]), before)
    assert set(vars(model)) == attributes
    with pytest.raises(ValueError, match="classes must be passed"):
        quick().partial_fit(*data)
    new = quick()
    with pytest.raises(ValueError, match="requires y"):
        new.partial_fit(data[0], None, classes=range(10))
    assert set(vars(new)) == set(vars(quick()))


def test_other_data_than_those_that_the_training_had_are_an_error(data):
    X, y = data
    model = quick().fit(X, y)
    with pytest.raises(ValueError, match="63 features, but MLPClassifier is expecting 64"):
        model.predict(X[:, 1:])
    with pytest.raises(ValueError, match="the training that goes on had 1797"):
        model.resume(X[:50], y[:50])


def test_numbers_beyond_the_type_of_the_network_are_an_error(data):
    X, y = data
    model = quick().fit(X.astype(np.float32), y)
    for call in (model.predict, lambda wrong: model.resume(wrong, y)):
        with pytest.raises(ValueError, match="infinite in float32, the type of the network"):
            call(_broken(X.astype(float), 1e39))


def test_targets_and_parameters_beyond_the_type_of_the_network_are_an_error(data):
    X, y = data
    with pytest.raises(ValueError, match="y has numbers that are infinite in float32"):
        quick_regressor().fit(X.astype(np.float32), y * 1e300)
    with pytest.raises(ValueError, match="a parameter is infinite in float32"):
        quick(activation="elu(1e300)").fit(X.astype(np.float32), y)


def test_a_training_that_has_ended_is_not_resumed(data):
    X, y = data
    model = quick(max_iter=50, n_iter_no_change=2, tol=1e9).fit(X, y)
    epochs, weights = model.n_iter_, model.coefs_[0].copy()
    assert epochs < 10
    assert model.resume(X, y).n_iter_ == epochs
    np.testing.assert_array_equal(model.coefs_[0], weights)


def test_a_refused_call_leaves_an_interrupted_training_where_it_was(data):
    X, y = data
    model = quick(max_iter=4).fit(X, y, callback=lambda epoch, _: epoch == 3)
    with pytest.raises(ValueError, match="y"):
        model.partial_fit(X, np.eye(10)[y])
    epochs = []
    model.resume(X, y, callback=lambda epoch, _: epochs.append(epoch))
    assert epochs == [4]


@pytest.mark.parametrize(
    "classes",
    [
        np.array([*"abcdefghij"], np.dtypes.StringDType()),
        np.array([*"abcdefghij"], object),
        np.array([*range(10)], object),
    ],
    ids=["StringDType", "strings", "numbers"],
)
def test_classes_of_any_kind_are_saved(data, tmp_path, classes):
    X, y = data
    model = quick(hidden_layer_sizes=range(3, 5)).fit(X, classes[y])
    model.save(tmp_path / "m.npz")
    loaded = MLPClassifier.load(tmp_path / "m.npz")
    assert loaded.predict(X).tolist() == model.predict(X).tolist()
    assert loaded.hidden_layer_sizes == (3, 4)
    assert loaded.set_params(max_iter=model.n_iter_ + 1).resume(X, classes[y]).n_iter_ == model.n_iter_ + 1


@pytest.mark.filterwarnings("ignore:.*lbfgs failed")
def test_lbfgs_holds_nothing_out(data):
    X, y = data
    model = quick(solver="lbfgs", early_stopping=True, max_iter=2).fit(X[:3], y[:3])
    assert model.best_validation_score_ is None
    assert model.validation_scores_ is None


def test_a_score_takes_labels_as_fit_does_and_one_for_each_row(data):
    X, y = data
    classifier, regressor = quick().fit(X, y), quick_regressor().fit(X, y)
    for model in (classifier, regressor):
        with pytest.warns(UserWarning, match="column-vector"):
            assert model.score(X, y[:, None]) == model.score(X, y)
        for wrong in (y[:60], y[:1], np.stack([y % 2, y % 2], axis=1)):
            with pytest.raises(ValueError, match="y has shape"):
                model.score(X, wrong)


# lbfgs


def _at(iteration, act):
    return lambda epoch, model: act() if epoch == iteration else None


def _interrupt():
    raise KeyboardInterrupt


@pytest.mark.filterwarnings("ignore:.*lbfgs failed")
def test_lbfgs_ends_where_the_callback_or_ctrl_c_ends_it(data):
    weights = []

    def keep(_, model):
        weights.append(model._parameters.vector.copy())

    quick(solver="lbfgs", max_iter=6).fit(*data, callback=keep)
    model = quick(solver="lbfgs", max_iter=6)
    model.fit(*data, callback=_at(3, lambda: True))
    np.testing.assert_array_equal(model._parameters.vector, weights[2])
    with pytest.warns(UserWarning, match="interrupted by user"):
        model.fit(*data, callback=_at(5, _interrupt))
    np.testing.assert_array_equal(model._parameters.vector, weights[4])
    assert (model.n_iter_, len(model.loss_curve_)) == (5, 5)


def test_lbfgs_has_a_loss_where_there_is_nothing_to_improve(data):
    model = quick(solver="lbfgs", tol=1e9).fit(*data)
    assert model.n_iter_ == 0
    assert np.isfinite(model.loss_)
    assert model.best_loss_ == model.loss_


@pytest.mark.filterwarnings("ignore:.*lbfgs failed")
def test_lbfgs_resumes_up_to_max_iter(data):
    model = quick(solver="lbfgs", max_iter=4).fit(*data)
    before = model._parameters.vector.copy()
    with pytest.warns(UserWarning, match="all 4 iterations were done before"):
        model.resume(*data)
    np.testing.assert_array_equal(model._parameters.vector, before)
    model.set_params(max_iter=6).resume(*data)
    assert (model.n_iter_, len(model.loss_curve_)) == (6, 6)


# Files


def test_a_file_holds_everything(data, tmp_path):
    X, y = data
    names = np.array([f"digit {k}" for k in range(10)], dtype=object)
    model = quick(activation=["tanh"], random_state=np.random.default_rng(3)).fit(X, names[y])
    model.save(tmp_path / "model.npz")
    again = MLPClassifier.load(tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == [tmp_path / "model.npz"]
    assert same_weights(model, again)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    np.testing.assert_array_equal(model.predict(X), again.predict(X))
    assert again.loss_curve_ == model.loss_curve_
    regressor = quick_regressor().fit(X, y)
    regressor.save(tmp_path / "regressor.npz")
    with pytest.raises(ValueError, match="holds a MLPRegressor of format 1: it should be a MLPClassifier"):
        MLPClassifier.load(tmp_path / "regressor.npz")


def test_a_damaged_file_is_refused(data, tmp_path):
    """Wherever it is cut or changed: it loads as it was, or not at all."""
    path = tmp_path / "model.npz"
    model = quick().fit(*data)
    model.save(path)
    content = path.read_bytes()
    generator = np.random.default_rng(0)
    for length in [0, 1, 100, *generator.integers(0, len(content), 20), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="damaged"):
            MLPClassifier.load(path)
    refused = 0
    for place in generator.integers(0, len(content), 100):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            again = MLPClassifier.load(path)
        except ValueError:
            refused += 1
        else:
            assert same_weights(model, again)
            assert again.get_params() == model.get_params()
    assert refused > 90
    path.write_bytes(content)
    assert same_weights(MLPClassifier.load(path), model)


def test_a_file_that_cannot_be_written_leaves_the_old_one(data, tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    model = quick().fit(*data)
    model.save(path)
    content = path.read_bytes()

    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        model.save(path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ValueError, match="not fitted"):
        MLPClassifier().save(path)
