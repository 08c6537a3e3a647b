"""Recipes compared on a user's own data: the same folds and steps, honest differences."""

import json
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.sparse import csr_array
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from benchmarks.recipe_errors import better, null, planted
from mlresample import compute_loss_weights, plan_resampling
from mlresample.model_selection import compare_recipes
from mlresample.model_selection._recipes.differences import corrected_t_test, holm

N_SAMPLES, N_CLASSES = 120, 3
SHARES = [0.6, 0.3, 0.15]


def make_data(seed=0, n_samples=N_SAMPLES):
    generator = np.random.RandomState(seed)
    y = (generator.uniform(size=(n_samples, N_CLASSES)) < SHARES).astype(np.uint8)
    X = y + generator.normal(scale=0.8, size=y.shape)
    return X, y


X, Y = make_data()


def constant(batches, *, pos_weight, sample_weight, predict, seed):
    """Predict the shares of the classes in the batches."""
    shares = Y[batches.ravel()].mean(axis=0)
    return np.tile(shares, (len(predict), 1))


class Recorder:
    """A function that trains, and keeps what it was called with."""

    def __init__(self):
        self.calls = []

    def __call__(self, batches, **kwargs):
        self.calls.append({"batches": batches, **kwargs})
        return constant(batches, **kwargs)


ALL_RECIPES = {
    "uniform": {"plan": {"cap": 3}, "copies": "uniform"},
    "plan": {"plan": {"cap": 3}},
    "weights": {"loss_weights": "counts", "loss_weights_cap": 5},
    "rest": {"plan": {"cap": 3}, "loss_weights": "rest"},
    "importance": {"plan": {"cap": 3}, "importance_weights": True, "loss_weights": "counts"},
}


def record(recipes=ALL_RECIPES, **options):
    recorder = Recorder()
    options = {"n_folds": 3, "n_repeats": 1, "n_inner_folds": 2, "n_steps": 9} | options
    options = {"batch_size": 20} | options
    comparison = compare_recipes(recorder, None, Y, recipes=recipes, **options)
    return comparison, recorder.calls


# -- what a function is called with --------------------------------------------------------------


def test_every_recipe_takes_equally_many_full_steps():
    _, calls = record()
    assert len(calls) == 6 * 3 * (2 + 1)
    for call in calls:
        assert call["batches"].shape == call["sample_weight"].shape == (9, 20)
        assert call["pos_weight"].shape == (N_CLASSES,)


def test_without_n_steps_a_function_takes_ten_passes_over_the_data():
    _, calls = record({}, n_steps=None, batch_size=50)
    assert calls[0]["batches"].shape == (24, 50)


def test_recipes_share_folds_and_seeds():
    _, calls = record()
    by_recipe = [calls[i::18] for i in range(18)]
    for same in by_recipe:  # three folds of one recipe and inner fold
        assert len({call["seed"] for call in same}) == 3
    for fold in range(3):
        of_fold = calls[18 * fold : 18 * (fold + 1)]
        for inner in range(3):
            same = of_fold[inner::3]
            assert len(same) == 6
            assert len({call["seed"] for call in same}) == 1
            assert len({call["predict"].tobytes() for call in same}) == 1


def test_training_never_has_a_sample_that_is_predicted():
    _, calls = record()
    for call in calls:
        assert not set(call["predict"]) & set(call["batches"].ravel())


def test_inner_folds_score_each_training_sample_once():
    _, calls = record({})
    for first, second, outer in zip(calls[::3], calls[1::3], calls[2::3], strict=True):
        together = np.concatenate([first["predict"], second["predict"], outer["predict"]])
        assert_array_equal(np.sort(together), np.arange(N_SAMPLES))


def test_groups_are_never_in_both_parts():
    groups = np.repeat(np.arange(30), 4)
    _, calls = record(groups=groups)
    for call in calls:
        assert not set(groups[call["predict"]]) & set(groups[call["batches"].ravel()])


def test_an_epoch_has_every_sample_before_the_next_begins():
    _, calls = record({}, n_inner_folds=None)  # 80 samples, 9 steps of 20
    for call in calls:
        train = np.setdiff1d(np.arange(N_SAMPLES), call["predict"])
        order = call["batches"].ravel()
        assert_array_equal(np.sort(order[:80]), train)
        assert_array_equal(np.sort(order[80:160]), train)
        assert not np.array_equal(order[:80], order[80:160])


def test_a_plan_repeats_rare_samples_and_its_control_random_ones():
    _, calls = record(n_inner_folds=None, n_steps=400)
    by_name = dict(zip(["nothing", *ALL_RECIPES], calls, strict=False))
    plan = plan_resampling(Y, cap=3)
    rare = plan.sample_multipliers > 1.5
    assert rare.any()

    def share(name):
        return rare[by_name[name]["batches"]].mean()

    assert share("plan") > 1.3 * share("nothing")
    assert_allclose(share("uniform"), share("nothing"), atol=0.01)
    counts = np.bincount(by_name["uniform"]["batches"].ravel(), minlength=N_SAMPLES)
    train = counts[counts > 0]
    assert train.std() / train.mean() < 0.05


def test_loss_weights_are_those_of_the_training_part():
    _, calls = record(n_inner_folds=None)
    by_name = dict(zip(["nothing", *ALL_RECIPES], calls, strict=False))
    train = np.setdiff1d(np.arange(N_SAMPLES), calls[0]["predict"])
    counts = Y[train].sum(axis=0, dtype=int)
    expected = compute_loss_weights(class_counts=counts, n_samples=80, cap=5).pos_weight
    assert_allclose(by_name["weights"]["pos_weight"], expected, rtol=1e-6)
    plan = plan_resampling(Y[train], cap=3)
    rest = compute_loss_weights(plan, cap=10).pos_weight
    assert_allclose(by_name["rest"]["pos_weight"], rest, rtol=1e-6)
    for name in ("nothing", "plan", "uniform"):
        assert_array_equal(by_name[name]["pos_weight"], 1)


def test_importance_weights_make_every_sample_weigh_the_same_in_an_epoch():
    _, calls = record(n_inner_folds=None, n_steps=60)
    by_name = dict(zip(["nothing", *ALL_RECIPES], calls, strict=False))
    train = np.setdiff1d(np.arange(N_SAMPLES), calls[0]["predict"])
    size = plan_resampling(Y[train], cap=3).epoch_size
    importance = by_name["importance"]
    order, weight = importance["batches"].ravel(), importance["sample_weight"].ravel()
    assert size > 80
    for epoch in range(3):
        part = slice(epoch * size, (epoch + 1) * size)
        total = np.bincount(order[part], weight[part], minlength=N_SAMPLES)
        assert_allclose(total[train], size / 80, rtol=1e-5)
    for name in ("nothing", "plan", "weights"):
        assert_array_equal(by_name[name]["sample_weight"], 1)


# -- scores --------------------------------------------------------------------------------------


def test_scores_are_those_of_scikit_learn():
    model = GaussianNBs()
    comparison = compare_recipes(
        model, X, Y, recipes={}, n_folds=3, n_repeats=1, n_inner_folds=None
    )
    recorder = Recorder()
    compare_recipes(
        recorder, X, Y, recipes={}, n_folds=3, n_repeats=1, n_inner_folds=None, n_steps=1
    )
    for fold, call in enumerate(recorder.calls):
        test = call["predict"]
        train = np.setdiff1d(np.arange(N_SAMPLES), test)
        fitted = model.fit(X[train], Y[train])
        scores = np.column_stack([p[:, 1] for p in fitted.predict_proba(X[test])])
        expected = {
            "average_precision": average_precision_score(Y[test], scores, average="macro"),
            "average_precision_rare": average_precision_score(Y[test][:, 2], scores[:, 2]),
            "macro_f1": f1_score(Y[test], scores >= 0.5, average="macro"),
            "micro_f1": f1_score(Y[test], scores >= 0.5, average="micro"),
            "rare_f1": f1_score(Y[test][:, 2], scores[:, 2] >= 0.5),
            "calibration_error": np.abs(
                np.log((scores.sum(axis=0) + 0.5) / (Y[test].sum(axis=0, dtype=int) + 0.5))
            ).mean(),
        }
        for name, value in expected.items():
            assert_allclose(comparison.scores["nothing"][name][fold], value, err_msg=name)
    assert np.isnan(comparison.scores["nothing"]["macro_f1_tuned"]).all()


def GaussianNBs():
    return MultiOutputClassifier(GaussianNB())


def test_tuned_thresholds_find_a_rare_class_that_half_misses():
    def shrunk(batches, *, pos_weight, sample_weight, predict, seed):
        return X[predict].clip(0, 1) * 0.4  # ranks well, never above a half

    comparison = compare_recipes(shrunk, None, Y, recipes={})
    scores = comparison.scores["nothing"]
    assert_array_equal(scores["macro_f1"], 0)
    assert scores["macro_f1_tuned"].mean() > 0.6
    assert "with tuned thresholds" in comparison.to_dict()["answer"][-1]["text"]


# -- statistics ----------------------------------------------------------------------------------


def test_corrected_t_is_that_worked_out_by_hand():
    differences = np.array([0.1, 0.3, 0.2, 0.4, 0.0])  # mean 0.2, variance 0.025
    found = corrected_t_test(differences, 0.25, 0.95)
    error = np.sqrt((1 / 5 + 1 / 4) * 0.025)
    assert_allclose(found.mean, 0.2)
    assert_allclose(found.p_value, 2 * stats.t.sf(0.2 / error, 4))
    assert_allclose([found.low, found.high], stats.t.interval(0.95, 4, 0.2, error))


def test_without_correction_it_is_the_paired_t_test():
    generator = np.random.RandomState(0)
    a, b = generator.normal(size=(2, 12))
    expected = stats.ttest_rel(a, b)
    assert_allclose(corrected_t_test(a - b, 0, 0.95).p_value, expected.pvalue)


def test_no_difference_has_p_value_1_and_splits_without_score_are_left_out():
    assert corrected_t_test(np.zeros(5), 0.25, 0.95).p_value == 1
    some = np.array([0.1, 0.3, np.nan])
    assert corrected_t_test(some, 0.25, 0.95) == corrected_t_test(some[:2], 0.25, 0.95)
    assert np.isnan(corrected_t_test(some[1:], 0.25, 0.95).p_value)


def test_holm_is_that_worked_out_by_hand():
    # 4 x 0.005, 3 x 0.01, 2 x 0.03, 1 x 0.04 raised to the one before
    assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    assert_allclose(holm([0.6, 0.7]), [1, 1])
    assert_allclose(holm([0.02, np.nan, 0.03]), [0.04, np.nan, 0.04])
    assert holm([]).shape == (0,)


# -- estimators ----------------------------------------------------------------------------------


def test_an_estimator_without_weights_by_class_says_so():
    comparison = compare_recipes(KNeighborsClassifier(3), X, Y, n_folds=2, n_repeats=1)
    assert list(comparison.scores) == ["nothing", "uniform copies", "plan"]
    assert "class by class" in comparison.not_applicable["loss weights"]
    assert "as they are" in comparison.not_applicable["importance weights + loss weights"]
    text = " ".join(repr(comparison).split())
    assert "are not applicable: KNeighborsClassifier does not take weights" in text


@pytest.mark.parametrize("wrapper", [OneVsRestClassifier, MultiOutputClassifier])
@pytest.mark.parametrize("inner_pipeline", [False, True])
@pytest.mark.parametrize("outer_pipeline", [False, True])
def test_loss_weights_are_class_weights_of_each_binary_estimator(
    wrapper, inner_pipeline, outer_pipeline
):
    binary = LogisticRegression(C=0.1)
    model = wrapper(make_pipeline(StandardScaler(), binary) if inner_pipeline else binary)
    if outer_pipeline:
        model = make_pipeline(StandardScaler(), model)
    comparison = compare_recipes(
        model,
        X,
        Y,
        recipes={
            "weights": {"loss_weights": "counts"},
            "none": {"loss_weights": "counts"} | {"loss_weights_power": 0},
        },
        n_folds=2,
        n_repeats=1,
        n_inner_folds=None,
    )
    recorder = Recorder()
    compare_recipes(
        recorder, X, Y, recipes={}, n_folds=2, n_repeats=1, n_inner_folds=None, n_steps=1
    )
    test = recorder.calls[0]["predict"]
    train = np.setdiff1d(np.arange(N_SAMPLES), test)
    weights = compute_loss_weights(
        class_counts=Y[train].sum(axis=0, dtype=int), n_samples=len(train), cap=10
    ).pos_weight
    X_train, X_test = X[train], X[test]
    if inner_pipeline or outer_pipeline:
        scaler = StandardScaler().fit(X_train)
        X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
    scores = np.column_stack(
        [
            LogisticRegression(C=0.1, class_weight={0: 1, 1: weight})
            .fit(X_train, Y[train, c])
            .predict_proba(X_test)[:, 1]
            for c, weight in enumerate(weights)
        ]
    )
    expected = f1_score(Y[test], scores >= 0.5, average="macro")
    assert_allclose(comparison.scores["weights"]["macro_f1"][0], expected)
    assert_allclose(
        comparison.scores["none"]["macro_f1"], comparison.scores["nothing"]["macro_f1"]
    )


def test_random_states_that_are_none_follow_from_the_seed():
    forest = RandomForestClassifier(3, max_depth=3)
    options = {"recipes": {}, "n_folds": 2, "n_repeats": 1, "n_inner_folds": None}
    first, second = (compare_recipes(forest, X, Y, **options) for _ in range(2))
    assert_array_equal(
        first.scores["nothing"]["average_precision"], second.scores["nothing"]["average_precision"]
    )
    assert forest.random_state is None


def test_a_user_pipeline_is_a_recipe():
    comparison = compare_recipes(
        KNeighborsClassifier(3), X, Y, recipes={"bayes": GaussianNBs()}, n_folds=2
    )
    assert list(comparison.scores) == ["nothing", "bayes"]
    assert comparison.growth["bayes"] == 1


def test_containers_of_y_give_the_same_result():
    pd = pytest.importorskip("pandas")
    model = OneVsRestClassifier(GaussianNB())
    options = {"recipes": {"plan": {"plan": {}}}, "n_folds": 2, "n_repeats": 1}
    results = [
        compare_recipes(model, X, y, **options).scores["plan"]["macro_f1_tuned"]
        for y in (Y, Y.tolist(), pd.DataFrame(Y, columns=list("abc")), csr_array(Y))
    ]
    for result in results[1:]:
        assert_array_equal(result, results[0])


# -- the answer ----------------------------------------------------------------------------------


def with_scores(**scores):
    """Compare recipes, and replace what they scored."""
    comparison, _ = record({name: {"plan": {}} for name in scores}, n_folds=5, n_inner_folds=None)
    for name, values in {"nothing": np.zeros(5), **scores}.items():
        comparison.scores[name]["average_precision"][:] = values
    return comparison


def test_recommended_is_the_simplest_that_is_not_told_from_the_best():
    spread = np.array([-1, 1, 0, 2, -2]) * 0.01
    comparison, _ = record(n_folds=5, n_inner_folds=None)
    means = {"nothing": 0, "uniform": 0.0, "weights": 0.2, "plan": 0.3, "rest": 0.31}
    means["importance"] = 0.1
    for place, (name, mean) in enumerate(means.items()):
        comparison.scores[name]["average_precision"][:] = mean + np.roll(spread, place)
    rows = comparison.to_dict()["scores"]
    verdicts = {row["recipe"]: row["verdict"] for row in rows if row["verdict"]}
    assert verdicts == {
        "nothing": "baseline",
        "uniform": "tie",
        "weights": "better",
        "plan": "better",
        "rest": "better",
        "importance": "better",
    }
    assert comparison.recommended == "plan"  # weights are simpler, but worse than the best
    assert "Take 'plan': the simplest" in " ".join(repr(comparison).split())


def test_a_recipe_may_be_worse():
    comparison = with_scores(bad=-0.1 - np.arange(5) / 100)
    assert comparison.recommended == "nothing"
    codes = {row["code"]: row["text"] for row in comparison.to_dict()["answer"]}
    assert "'bad' (-0.120" in codes["worse"]
    assert codes["none_better"].startswith("No recipe is better than 'nothing'")


def test_one_recipe_of_many_needs_a_smaller_p_value():
    gain = np.array([0.2, 0.1, 0.3, 0.1, 0.3])
    p_value = corrected_t_test(gain, 0.25, 0.95).p_value
    assert 0.01 < p_value < 0.05
    assert with_scores(good=gain).recommended == "good"
    others = dict.fromkeys(["a", "b", "c", "d"], np.array([0.1, -0.1, 0.1, -0.1, 0.0]))
    assert with_scores(good=gain, **others).recommended == "nothing"


def test_the_order_from_simple_to_complex():
    comparison, _ = record(ALL_RECIPES | {"own": constant})
    order = sorted(comparison.simplicity, key=comparison.simplicity.get)
    assert order == ["nothing", "weights", "uniform", "plan", "rest", "importance", "own"]


def test_differences_are_paired_and_their_test_knows_how_much_folds_overlap():
    comparison, _ = record({"plan": {"plan": {}}}, n_folds=5, n_repeats=2, n_inner_folds=None)
    generator = np.random.RandomState(0)
    values = generator.uniform(size=(2, 10))
    for name, of_recipe in zip(("nothing", "plan"), values, strict=True):
        comparison.scores[name]["average_precision"][:] = of_recipe
    row = comparison.to_dict()["scores"][1]
    gain = values[1] - values[0]
    error = np.sqrt((1 / 10 + 24 / 96) * gain.var(ddof=1))
    assert (row["recipe"], row["score"]) == ("plan", "average_precision")
    assert_allclose(row["difference"], gain.mean())
    assert_allclose(row["p_value"], 2 * stats.t.sf(abs(gain.mean()) / error, 9))
    assert_allclose([row["low"], row["high"]], stats.t.interval(0.95, 9, gain.mean(), error))


def test_another_baseline_is_what_differences_are_to():
    comparison, _ = record(baseline="weights")
    rows = [row for row in comparison.to_dict()["scores"] if row["score"] == "macro_f1"]
    at = {row["recipe"]: row for row in rows}
    assert at["weights"]["difference"] is None
    assert_allclose(at["plan"]["difference"], at["plan"]["mean"] - at["weights"]["mean"])


def test_a_lower_calibration_error_is_better():
    comparison, _ = record({"plan": {"plan": {}}}, primary="calibration_error", n_folds=5)
    comparison.scores["nothing"]["calibration_error"][:] = 1
    comparison.scores["plan"]["calibration_error"][:] = 0.5 + np.arange(5) / 100
    assert comparison.recommended == "plan"


def test_report_in_every_form():
    comparison, _ = record()
    report = comparison.to_dict()
    assert json.loads(comparison.to_json()) == report
    frame = comparison.to_frame()
    assert len(frame) == 6 * frame["score"].nunique()
    mean = frame.loc[(frame["recipe"] == "plan") & (frame["score"] == "macro_f1"), "mean"].item()
    assert_allclose(mean, comparison.scores["plan"]["macro_f1"].mean())
    assert "<li>Take " in comparison._repr_html_()
    assert repr(comparison).startswith("RecipeComparison: 6 recipes, 3 folds, 120 samples, 3 cla")
    assert report["recipes"][2]["growth"] > 1


def test_classes_that_cannot_be_scored_are_named():
    y = np.column_stack([Y, np.zeros(N_SAMPLES, dtype=int), np.eye(N_SAMPLES, 1, dtype=int)])

    def train(batches, *, predict, **rest):
        return np.full((len(predict), 5), 0.3)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        comparison = compare_recipes(train, None, y, recipes={})
    assert comparison.not_scored.tolist() == [False, False, False, True, True]
    assert "No score includes 2 of 5 classes" in " ".join(repr(comparison).split())
    assert np.isfinite(comparison.scores["nothing"]["average_precision"]).all()


def test_progress_is_a_line_per_recipe_and_split(capsys):
    record(n_folds=2, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12
    assert lines[0].startswith("[compare_recipes] 1 of 12: repeat 1, fold 1, 'nothing': ")
    assert lines[-1].endswith("; about 0 s left")


def test_trainings_in_parallel_give_the_same_result():
    options = {"n_folds": 2, "n_repeats": 1, "n_inner_folds": None}
    first, second = (
        compare_recipes(OneVsRestClassifier(GaussianNB()), X, Y, n_jobs=n_jobs, **options)
        for n_jobs in (None, 2)
    )
    assert_same_scores(first, second)


def assert_same_scores(first, second):
    assert list(first.scores) == list(second.scores)
    for name, scores in first.scores.items():
        for score, values in scores.items():
            assert_array_equal(values, second.scores[name][score])


# -- what is saved -------------------------------------------------------------------------------


class Interrupted(Recorder):
    """Stop after some trainings, as Ctrl+C does."""

    def __init__(self, n_trainings):
        super().__init__()
        self.n_trainings = n_trainings

    def __call__(self, batches, **kwargs):
        if len(self.calls) == self.n_trainings:
            raise KeyboardInterrupt
        return super().__call__(batches, **kwargs)


OPTIONS = {"recipes": ALL_RECIPES, "n_folds": 3, "n_repeats": 1, "n_inner_folds": 2, "n_steps": 5}


def test_an_interrupted_comparison_goes_on_to_the_same_result(tmp_path):
    cached = OPTIONS | {"cache": tmp_path / "new" / "folder", "model_name": "constant"}
    whole = compare_recipes(constant, None, Y, **OPTIONS)
    with pytest.raises(KeyboardInterrupt):
        compare_recipes(Interrupted(20), None, Y, **cached)
    assert len(list((tmp_path / "new" / "folder").iterdir())) == 6  # 18 of 20 trainings
    rest = Recorder()
    resumed = compare_recipes(rest, None, Y, **cached)
    assert len(rest.calls) == 54 - 18
    assert_same_scores(resumed, whole)
    assert resumed.growth == whole.growth
    again = Recorder()
    assert_same_scores(compare_recipes(again, None, Y, **cached), whole)
    assert again.calls == []


@pytest.mark.parametrize(
    "changed",
    [
        {"random_state": 1},
        {"n_folds": 4},
        {"n_inner_folds": 3},
        {"n_inner_folds": None},
        {"n_steps": 6},
        {"batch_size": 32},
        {"model_name": "another"},
        {"groups": np.repeat(np.arange(60), 2)},
    ],
)
def test_nothing_is_taken_for_the_result_of_other_parameters(tmp_path, changed):
    options = OPTIONS | {"recipes": {}, "cache": tmp_path, "model_name": "constant"}
    compare_recipes(constant, None, Y, **options)
    recorder = Recorder()
    comparison = compare_recipes(recorder, None, Y, **options | changed)
    n_inner = (options | changed)["n_inner_folds"] or 0
    assert len(recorder.calls) == comparison.n_folds * (1 + n_inner)


def test_nothing_is_taken_for_the_result_of_other_data_or_recipes(tmp_path):
    model = GaussianNBs()
    options = {"n_folds": 2, "n_repeats": 1, "n_inner_folds": None, "cache": tmp_path}

    def n_new(model, X, y, recipe):
        before = len(list(tmp_path.iterdir()))
        compare_recipes(model, X, y, recipes={"plan": recipe}, **options)
        return len(list(tmp_path.iterdir())) - before

    changed_X, changed_y = X.copy(), Y.copy()
    changed_X[7, 1] += 1e-9
    changed_y[7, 1] ^= 1
    assert n_new(model, X, Y, {"plan": {"cap": 3}}) == 4
    assert n_new(model, X, Y, {"plan": {"cap": 3}}) == 0
    assert n_new(model, X, Y, {"plan": {"cap": 3.5}}) == 2
    assert n_new(model, X, Y, {"plan": {"cap": 3}, "copies": "uniform"}) == 2
    assert n_new(model, X, Y, {"model": MultiOutputClassifier(GaussianNB(var_smoothing=1))}) == 2
    assert n_new(MultiOutputClassifier(GaussianNB(var_smoothing=1)), X, Y, {"plan": {}}) == 2
    assert n_new(model, changed_X, Y, {"plan": {"cap": 3}}) == 4
    assert n_new(model, X, changed_y, {"plan": {"cap": 3}}) == 4


def test_what_decides_can_change_without_training(tmp_path):
    options = OPTIONS | {"cache": tmp_path, "model_name": "constant"}
    compare_recipes(constant, None, Y, **options)
    recorder = Recorder()
    compare_recipes(recorder, None, Y, **options, primary="rare_f1", baseline="plan", alpha=0.2)
    assert recorder.calls == []


def test_a_spoiled_file_is_named(tmp_path):
    options = OPTIONS | {"cache": tmp_path, "model_name": "constant", "recipes": {}}
    compare_recipes(constant, None, Y, **options)
    file = sorted(tmp_path.iterdir())[0]
    file.write_text("{")
    with pytest.raises(ValueError, match=f"{file.name} in cache is not JSON"):
        compare_recipes(constant, None, Y, **options)


def test_a_result_is_in_its_place_only_when_it_is_whole(tmp_path, monkeypatch):
    def interrupt(*paths):
        raise KeyboardInterrupt

    options = OPTIONS | {"cache": tmp_path, "model_name": "constant", "recipes": {}}
    with monkeypatch.context() as patched:
        patched.setattr("os.replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            compare_recipes(constant, None, Y, **options)
    assert list(tmp_path.glob("*.json")) == []
    recorder = Recorder()
    compare_recipes(recorder, None, Y, **options)
    assert len(recorder.calls) == 9


def test_a_recipe_that_cannot_be_recognized_cannot_be_saved(tmp_path):
    recipes = {"own": {"plan": {"class_multipliers": lambda counts: counts.max() / counts}}}
    assert record(recipes)[0].growth["own"] > 1
    with pytest.raises(ValueError, match="cache needs to recognize recipe, which cannot be pick"):
        record(recipes, cache=tmp_path, model_name="constant")


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipes", "message"),
    [
        ({"a": {"caps": 4}}, r"recipes\['a'\] has the key 'caps'; a recipe has plan, copies"),
        ({"a": {"plan": {"capp": 4}}}, r"\['plan'\] has the key 'capp'; a plan has"),
        ({"a": {"plan": {"cap": 0}}}, "'cap' parameter of compare_recipes"),
        ({"a": {"plan": 4}}, r"recipes\['a'\]\['plan'\]"),
        ({"a": {"copies": "uniform"}}, "need a plan"),
        ({"a": {"loss_weights": "rest"}}, "need a plan"),
        ({"a": {"importance_weights": True}}, "need a plan"),
        ({"a": {"loss_weights": "all"}}, r"recipes\['a'\]\['loss_weights'\]"),
        ({"a": {"loss_weights": "counts", "loss_weights_cap": 0.5}}, "loss_weights_cap"),
        (
            {"a": {"plan": {}, "importance_weights": True, "loss_weights": "rest"}},
            "set loss_weights='counts'",
        ),
        ({"a": 4}, r"recipes\['a'\] must be an estimator instance"),
        ({"a": KNeighborsClassifier}, r"recipes\['a'\] must be an estimator instance"),
        ({"a": KNeighborsClassifier()}, "X is None, but the model of recipe 'a' is an estimator"),
        ({3: {}}, "named by strings"),
        ({"nothing": {"plan": {}}}, "must be {}, training on the data as they are"),
        (
            {"a": {"plan": {"floor": 0.2}, "importance_weights": True}},
            "no weight can make up for them",
        ),
    ],
)
def test_recipes_that_are_none_are_refused(recipes, message):
    with pytest.raises(ValueError, match=message):
        compare_recipes(constant, None, Y, recipes=recipes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"baseline": "none"}, "baseline must be one of 'nothing', 'loss weights'"),
        ({"primary": "auc"}, "'primary' parameter"),
        ({"primary": "macro_f1_tuned", "n_inner_folds": None}, "needs tuned thresholds"),
        ({"primary": "many_f1"}, "primary='many_f1' is a score of no class: the classes have"),
        ({"n_folds": 1}, "'n_folds' parameter"),
        ({"groups": [1, 2]}, "groups must have one entry per sample, 120, got 2"),
        ({"cache": "x"}, "model_name is needed with cache"),
        ({"cache": "x", "model_name": "m", "random_state": None}, "random_state must be an int"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        compare_recipes(constant, None, Y, **options)
    assert list(tmp_path.iterdir()) == []


def test_data_that_do_not_fit_are_refused():
    knn = KNeighborsClassifier(3)
    with pytest.raises(ValueError, match="X is None, but the model of recipe 'nothing'"):
        compare_recipes(knn, None, Y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        compare_recipes(knn, X[:50], Y)
    with pytest.raises(ValueError, match="single-label"):
        compare_recipes(knn, X, Y[:, 0])
    with pytest.raises(ValueError, match="no positives"):
        compare_recipes(knn, X, 0 * Y)
    with pytest.raises(ValueError, match="must have predict_proba"):
        compare_recipes(LinearSVC(), X, Y)


def test_a_class_that_a_training_part_lacks_is_named_if_the_model_needs_it():
    y = np.column_stack([Y, np.eye(N_SAMPLES, 1, dtype=int)])
    with pytest.raises(ValueError, match="In it, all samples or none carry 3"):
        compare_recipes(MultiOutputClassifier(LogisticRegression()), X, y)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (lambda n: np.zeros((n, 2)), r"of shape \(40, 3\), .* got float64 of shape \(40, 2\)"),
        (lambda n: None, "must return an array of probabilities"),
        (lambda n: np.full((n, 3), np.nan), "from 0 to 1, got nan in row 0, class 0"),
        (lambda n: np.full((n, 3), 1.5), "from 0 to 1, got 1.5 .* pass logits through a sigmoid"),
        (lambda n: np.full((n, 3), -0.1), "from 0 to 1, got -0.1"),
    ],
)
def test_scores_that_are_no_probabilities_are_refused(scores, message):
    def train(batches, *, predict, **rest):
        return scores(len(predict))

    options = {"n_folds": 3, "n_inner_folds": None, "recipes": {}}
    with pytest.raises(ValueError, match=message):
        compare_recipes(train, None, Y, **options)


# -- errors of the verdicts ----------------------------------------------------------------------


def test_recipes_that_are_equally_good_are_rarely_found_better():
    found = [bool(better(null(seed, n_repeats=1))) for seed in range(20)]
    assert sum(found) <= 3


def test_weights_that_help_are_found():
    recipes = {"loss weights": {"loss_weights": "counts"}, "plan": {"plan": {}}}
    found = ["loss weights" in better(planted(seed, recipes=recipes)) for seed in range(8)]
    assert sum(found) >= 6
