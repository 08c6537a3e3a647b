"""Measures by class frequency: by hand, as scikit-learn's, and with classes that are absent."""

import io
import json
from itertools import combinations

import narwhals as nw
import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from mlresample import plan_resampling
from mlresample.metrics import compare_evaluations, evaluate_by_frequency

from .containers import TARGETS

# cat: 3 of 3 found and one too many; dog: 1 of 2; lynx: absent, once predicted; fox: never found
TRUE = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 1], [0, 0, 0, 0]])
PRED = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]])
SCORE = np.array([[0.9, 0.1, 0, 0.4], [0.8, 0.9, 0, 0.3], [0.2, 0.3, 1, 0.2], [0.7, 0.6, 0, 0.2]])
COUNTS = [900, 60, 7, 19]
NAMES = ["cat", "dog", "lynx", "fox"]
F1 = [6 / 7, 2 / 3, np.nan, 0]


def evaluate(y_pred=PRED, y_score=SCORE, **options):
    options = {"class_counts": COUNTS, "class_names": NAMES} | options
    return evaluate_by_frequency(TRUE, y_pred, y_score, **options)


def random_predictions(n_samples=300, n_classes=30, seed=0):
    """Some of the scores are tied."""
    generator = np.random.RandomState(seed)
    counts = (3000 / np.arange(1, n_classes + 1) ** 2).astype(int)
    y_true = generator.uniform(size=(n_samples, n_classes)) < 0.1
    y_true[0] = True
    score = np.round(y_true + generator.normal(size=y_true.shape), 1)
    return y_true.astype(int), (score > 0.5).astype(int), score, counts


# -- measures ----------------------------------------------------------------------------------


def test_measures_of_each_class_are_those_by_hand():
    evaluation = evaluate()
    assert_allclose(evaluation.precision, [3 / 4, 1, np.nan, 0])
    assert_allclose(evaluation.recall, [1, 1 / 2, np.nan, 0])
    assert_allclose(evaluation.f1, F1)
    # cat: first, second and, after 0.7, fourth; dog: first and third; fox: last, with a tie
    assert_allclose(
        evaluation.average_precision, [(1 + 1 + 3 / 4) / 3, (1 + 2 / 3) / 2, np.nan, 1 / 4]
    )
    assert_array_equal(evaluation.positives, [3, 2, 0, 1])
    assert_array_equal(evaluation.class_counts, COUNTS)
    assert evaluation.classes.tolist() == NAMES
    assert evaluation.n_samples == 4


def test_absent_classes_are_left_out_of_averages_over_classes():
    averages = evaluate().averages
    assert_allclose(averages["macro"]["f1"], np.mean([6 / 7, 2 / 3, 0]))
    assert_allclose(averages["macro"]["recall"], 1 / 2)
    assert_allclose(averages["weighted"]["f1"], (3 * 6 / 7 + 2 * 2 / 3) / 6)
    assert averages["macro"]["n_classes"] == averages["weighted"]["n_classes"] == 3


def test_what_is_predicted_for_absent_classes_counts_in_micro():
    averages = evaluate().averages
    assert_allclose(averages["micro"]["precision"], 4 / 6)  # one of the two wrong ones is lynx
    assert_allclose(averages["micro"]["recall"], 4 / 6)
    assert averages["micro"]["n_classes"] == 4
    expected = average_precision_score(TRUE.ravel(), SCORE.ravel())
    assert_allclose(averages["micro"]["average_precision"], expected)


def test_groups_at_their_borders():
    counts = [1000, 101, 100, 20, 19, 1, 0]
    options = {"y_true": np.eye(7), "y_pred": np.eye(7), "class_counts": counts}
    groups = evaluate_by_frequency(**options).groups.tolist()
    assert groups == ["many", "many", "medium", "medium", "few", "few", "few"]
    groups = evaluate_by_frequency(**options, many=19, few=19).groups.tolist()
    assert groups == ["many"] * 4 + ["medium"] + ["few"] * 2
    groups = evaluate_by_frequency(**options, many=2000, few=0).groups.tolist()
    assert groups == ["medium"] * 7


def test_averages_of_groups_are_over_their_classes_that_occur():
    averages = evaluate().averages
    assert_allclose(averages["many"]["f1"], 6 / 7)
    assert_allclose(averages["medium"]["f1"], 2 / 3)
    assert averages["few"]["f1"] == 0  # of fox alone
    assert averages["few"]["n_classes"] == 1


def test_a_group_without_classes_has_no_average():
    averages = evaluate(many=5000, few=0).averages
    assert np.isnan(averages["many"]["f1"])
    assert np.isnan(averages["few"]["average_precision"])
    assert averages["few"]["n_classes"] == 0


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_where_no_class_is_absent_all_figures_are_those_of_scikit_learn(dtype):
    y_true, y_pred, score, counts = random_predictions()
    score = score.astype(dtype)
    evaluation = evaluate_by_frequency(y_true, y_pred, score, class_counts=counts)
    for average in (None, "macro", "weighted", "micro"):
        expected = precision_recall_fscore_support(y_true, y_pred, average=average)[:3]
        expected = [*expected, average_precision_score(y_true, score, average=average)]
        for measure, value in zip(evaluation.measures, expected, strict=True):
            if average is None:
                assert_allclose(getattr(evaluation, measure), value)
            else:
                assert_allclose(evaluation.averages[average][measure], value)


def test_infinite_logits_have_a_rank():
    finite = evaluate().average_precision
    with np.errstate(divide="ignore"):
        logits = np.log(SCORE)
    assert_allclose(evaluate(y_score=logits).average_precision, finite)


def test_measures_that_are_not_asked_for_are_none():
    evaluation = evaluate(y_score=None)
    assert evaluation.average_precision is None
    assert evaluation.measures == ["precision", "recall", "f1"]
    evaluation = evaluate(y_pred=None)
    assert evaluation.f1 is None
    assert evaluation.measures == ["average_precision"]
    assert list(evaluation.averages["macro"]) == ["n_classes", "average_precision"]


@pytest.mark.parametrize("make", TARGETS.values(), ids=TARGETS)
def test_every_container_gives_the_same(make):
    y_true, y_pred, score, counts = random_predictions(60, 5)
    expected = evaluate_by_frequency(y_true, y_pred, score, class_counts=counts)
    for true, pred in [(make(y_true), y_pred), (y_true, make(y_pred))]:
        evaluation = evaluate_by_frequency(true, pred, score, class_counts=counts)
        assert_array_equal(evaluation.positives, expected.positives)
        for measure in expected.measures:
            assert_array_equal(getattr(evaluation, measure), getattr(expected, measure))
        assert evaluation.micro == expected.micro


def test_sparse_matrices_are_not_changed():
    make = TARGETS["csr duplicates"]
    y = make(TRUE)
    evaluate_by_frequency(y, y, class_counts=COUNTS)
    assert_array_equal(y.data, make(TRUE).data)
    assert_array_equal(y.indices, make(TRUE).indices)


@pytest.mark.parametrize("kind", ["pandas", "polars", "torch", "list"])
def test_scores_in_every_container_give_the_same(kind):
    if kind == "list":
        scores = SCORE.tolist()
    elif kind == "torch":
        torch = pytest.importorskip("torch", reason="torch is not installed")
        scores = torch.tensor(SCORE, requires_grad=True)
    else:
        scores = pytest.importorskip(kind).DataFrame(dict(zip(NAMES, SCORE.T, strict=True)))
    evaluation = evaluate(y_score=scores)
    assert_array_equal(evaluation.average_precision, evaluate().average_precision)


def test_permuting_classes_permutes_the_measures():
    y_true, y_pred, score, counts = random_predictions()
    order = np.random.RandomState(1).permutation(len(counts))
    evaluation = evaluate_by_frequency(y_true, y_pred, score, class_counts=counts)
    permuted = evaluate_by_frequency(
        y_true[:, order], y_pred[:, order], score[:, order], class_counts=counts[order]
    )
    for measure in evaluation.measures:
        assert_array_equal(getattr(evaluation, measure)[order], getattr(permuted, measure))
    assert_allclose(evaluation.averages["few"]["f1"], permuted.averages["few"]["f1"])


def test_class_names_are_those_given_the_plans_or_the_data_frames():
    pd = pytest.importorskip("pandas")
    y = [[1, 0]] * 12 + [[1, 1]] * 6
    plan = plan_resampling(y, class_names=["cat", "lynx"])
    evaluation = evaluate_by_frequency(y, y, plan=plan)
    assert evaluation.classes.tolist() == ["cat", "lynx"]
    assert_array_equal(evaluation.class_counts, [18, 6])  # before resampling
    frame = pd.DataFrame(y, columns=["a", "b"])
    assert evaluate_by_frequency(frame, y, class_counts=[3, 4]).classes.tolist() == ["a", "b"]
    assert evaluate_by_frequency(y, y, class_counts=[3, 4]).classes.tolist() == [0, 1]


@pytest.mark.parametrize("make", [dict, "Series"])
def test_counts_with_names_go_by_their_names(make):
    make = pytest.importorskip("pandas").Series if make == "Series" else make
    counts = make(dict(sorted(zip(NAMES, COUNTS, strict=True))))
    assert_array_equal(evaluate(class_counts=counts).class_counts, COUNTS)
    frame = pytest.importorskip("pandas").DataFrame(TRUE, columns=NAMES)
    evaluation = evaluate_by_frequency(frame, frame, class_counts=counts)
    assert_array_equal(evaluation.class_counts, COUNTS)
    with pytest.raises(ValueError, match="class_counts must name each of the 4 classes"):
        evaluate_by_frequency(TRUE, PRED, class_counts=counts)  # whose order is unknown


def test_names_are_those_of_the_first_data_frame():
    pd = pytest.importorskip("pandas")
    pred, score = (pd.DataFrame(values, columns=NAMES) for values in (PRED, SCORE))
    evaluation = evaluate_by_frequency(TRUE, pred, score, class_counts=COUNTS)
    assert evaluation.classes.tolist() == NAMES
    with pytest.raises(ValueError, match=r"y_score has the classes in the order \['fox'"):
        evaluate_by_frequency(TRUE, pred, score[NAMES[::-1]], class_counts=COUNTS)


@pytest.mark.parametrize("kind", ["pyarrow.Table", "double[pyarrow]", "Float64"])
def test_scores_of_every_data_frame_are_read(kind):
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")
    score = pd.DataFrame(SCORE, columns=NAMES)
    score = pa.Table.from_pandas(score) if kind == "pyarrow.Table" else score.astype(kind)
    evaluation = evaluate_by_frequency(TRUE, PRED, score, class_counts=COUNTS)
    assert_allclose(evaluation.average_precision, evaluate().average_precision)


@pytest.mark.parametrize("name", ["y_pred", "y_score"])
def test_predictions_with_the_rows_in_another_order_are_an_error(name):
    pd = pytest.importorskip("pandas")
    y, values = (
        pd.DataFrame(of, columns=NAMES) for of in (TRUE, PRED if name == "y_pred" else SCORE)
    )
    with pytest.raises(ValueError, match=f"{name} has the rows of y_true in another order"):
        evaluate_by_frequency(y, **{name: values[::-1]}, class_counts=COUNTS)
    expected = evaluate_by_frequency(y, **{name: values}, class_counts=COUNTS)
    aligned = evaluate_by_frequency(y, **{name: values[::-1].loc[y.index]}, class_counts=COUNTS)
    assert aligned.to_dict() == expected.to_dict()


@pytest.mark.parametrize("name", ["y_true", "y_pred", "y_score"])
def test_data_frames_with_columns_in_another_order_are_refused(name):
    pd = pytest.importorskip("pandas")
    arrays = {"y_true": TRUE, "y_pred": PRED, "y_score": SCORE}
    arrays[name] = pd.DataFrame(arrays[name], columns=NAMES[::-1])
    with pytest.raises(ValueError, match=rf"{name} has the classes in the order \['fox'"):
        evaluate_by_frequency(**arrays, class_counts=COUNTS, class_names=NAMES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y_pred": None, "y_score": None}, "pass y_pred, y_score or both"),
        ({"y_pred": PRED[:3]}, r"y_pred has shape \(3, 4\), y_true has \(4, 4\)"),
        ({"y_score": SCORE[:, :3]}, r"y_score has shape \(4, 3\)"),
        ({"y_pred": SCORE}, r"y_pred cannot be read: .* got 0.9 in row 0.*y >= threshold"),
        ({"y_pred": PRED[:, 1]}, "y_pred has one class per sample"),
        ({"y_score": np.where(SCORE == 1, np.nan, SCORE)}, "y_score has NaN"),
        ({"y_score": PRED}, "y_score must be floats, got int64; .* are y_pred"),
        ({"y_score": sp.csr_array(SCORE)}, "y_score must be dense"),
        ({"class_counts": [1, 2, 3]}, "class_counts is for 3 classes, y_true has 4"),
        ({"class_counts": [1, 2, 3, -4]}, "whole numbers >= 0"),
        ({"class_names": ["a", "b"]}, "class_names is for 2 classes"),
        ({"plan": plan_resampling(TRUE), "class_counts": None}, "leave class_names out"),
        ({"plan": plan_resampling(TRUE)}, "Pass either plan or class_counts"),
        ({"class_counts": None}, "Pass either plan or class_counts"),
        ({"class_counts": plan_resampling(TRUE)}, "pass a plan as plan="),
        ({"plan": COUNTS, "class_counts": None}, "got list; pass numbers as class_counts"),
        (
            {"plan": plan_resampling(TRUE[:, :2]), "class_counts": None, "class_names": None},
            "plan is for 2 classes, y_true has 4",
        ),
        ({"many": 10, "few": 11}, "many must be at least few, got many=10 and few=11"),
        ({"few": -1}, "'few' parameter"),
        ({"many": 1.5}, "'many' parameter"),
    ],
)
def test_wrong_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        evaluate(**options)


def test_a_target_without_positives_is_refused():
    with pytest.raises(ValueError, match="No class occurs in y_true"):
        evaluate_by_frequency(np.zeros((3, 2)), np.eye(3)[:, :2], class_counts=[1, 2])


# -- reports -----------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_frames_have_a_row_for_each_class_and_absent_ones_miss_values(backend):
    pytest.importorskip(backend)
    frame = evaluate().to_frame(backend)
    assert type(frame).__module__.startswith(backend)
    columns = nw.from_native(frame).to_dict(as_series=False)
    assert list(columns) == [
        *["class", "count", "group", "positives"],
        *["precision", "recall", "f1", "average_precision"],
    ]
    assert columns["class"] == NAMES
    assert columns["group"] == ["many", "medium", "few", "few"]
    assert_allclose(np.array(columns["f1"], dtype=float), F1)
    mean = nw.from_native(frame)["f1"].mean()
    assert_allclose(mean, evaluate().averages["macro"]["f1"])  # what is missing doesn't count


def test_figures_are_plain_types():
    for report in (evaluate(few=0), compare_evaluations(evaluate(), evaluate())):
        figures = report.to_dict()
        assert json.loads(json.dumps(figures, allow_nan=False)) == figures
        assert json.loads(report.to_json()) == figures
        assert figures["left_out"] == ["lynx"]


def test_the_text_says_which_classes_are_left_out():
    text = repr(evaluate())
    assert "1 of 4 classes has no positives to evaluate and is left out" in text
    lines = text.splitlines()
    first = lines[lines.index("-" * len(lines[1])) + 2 :]
    assert [line.split()[0] for line in first[:4]] == ["lynx", "fox", "dog", "cat"]  # rarest first
    assert first[0].split()[-4:] == ["-"] * 4
    assert next(line for line in lines if line.startswith("few, under 20")).split()[3] == "1"


def test_of_many_classes_left_out_some_are_named():
    y = np.eye(9, 200, dtype=int)
    text = repr(evaluate_by_frequency(y, y, class_counts=np.arange(1, 201)))
    assert "170 more classes" in text
    text = " ".join(text.split())
    assert "191 of 200 classes have no positives" in text
    assert "9, 10, 11, 12, 13 and 186 more" in text
    y = np.eye(2, dtype=int)
    assert "left out" not in repr(evaluate_by_frequency(y, y, class_counts=[1, 2]))


def test_the_page_is_escaped_and_leaves_out_the_middle():
    names = [f"<b>{c}</b>" for c in range(200)]
    y = np.eye(200, dtype=int)
    evaluation = evaluate_by_frequency(y, y, class_counts=np.arange(1, 201), class_names=names)
    for report in (evaluation, compare_evaluations(evaluation, evaluation)):
        html = report._repr_html_()
        assert "<b>" not in html
        assert "50 more classes" in html


# -- comparisons -------------------------------------------------------------------------------


def folds(*found, positives=(4, 4), class_counts=(50, 10)):
    """Make one evaluation per fold; `found` holds how many positives of each class are found."""
    y_true = np.arange(10)[:, None] < positives
    return [
        evaluate_by_frequency(y_true, np.arange(10)[:, None] < n_found, class_counts=class_counts)
        for n_found in found
    ]


def test_gains_are_means_of_paired_differences_with_their_standard_deviation():
    comparison = compare_evaluations(folds((4, 0), (2, 2)), folds((4, 1), (1, 4)))
    recall = comparison.per_class("recall")
    assert_allclose(recall["baseline"], [0.75, 0.25])
    assert_allclose(recall["candidate"], [0.625, 0.625])
    assert_allclose(recall["gain"], [-0.125, 0.375])
    # differences of 0 and -1/4, and of 1/4 and 1/2: each 1/8 from its mean
    assert_allclose(recall["gain_std"], [np.sqrt(2) / 8] * 2)
    macro = comparison.averages["macro"]["recall"]
    assert_allclose([macro["gain"], macro["gain_std"]], [1 / 8, 0])  # 1/8 in both folds
    assert_allclose(comparison.averages["few"]["recall"]["gain"], 0.375)
    assert comparison.n_pairs == 2


def test_pairs_are_by_position():
    baseline, candidate = folds((4, 0), (0, 0), (2, 2)), folds((4, 1), (0, 1), (2, 3))
    paired = compare_evaluations(baseline, candidate).per_class("recall")
    other = compare_evaluations(baseline, candidate[::-1]).per_class("recall")
    assert_allclose(paired["gain"], other["gain"])
    assert_array_equal(paired["gain_std"], 0)
    assert other["gain_std"].min() > 0.2


def test_one_pair_has_no_spread():
    (baseline,), (candidate,) = folds((4, 0)), folds((4, 1))
    comparison = compare_evaluations(baseline, candidate)
    assert np.isnan(comparison.per_class()["gain_std"]).all()
    assert np.isnan(comparison.averages["macro"]["f1"]["gain_std"])
    assert "+-" not in repr(comparison)


def test_a_class_is_averaged_over_the_folds_in_which_it_occurs():
    baseline = folds((4, 0)) + folds((2, 0), positives=(4, 0)) + folds((2, 2))
    candidate = folds((4, 2)) + folds((3, 1), positives=(4, 0)) + folds((2, 2))
    comparison = compare_evaluations(baseline, candidate)
    recall = comparison.per_class("recall")
    assert_allclose(recall["gain"], [1 / 12, 1 / 4])
    assert_allclose(recall["gain_std"][1], np.sqrt(2) / 4)  # of 1/2 and 0
    assert [row["n_pairs"] for row in comparison.to_dict()["classes"]] == [3, 2]
    assert_allclose(comparison.averages["few"]["recall"]["gain"], 1 / 4)


def test_a_class_that_is_absent_from_all_folds_is_left_out():
    evaluations = folds((4, 0), (3, 0), positives=(4, 0))
    comparison = compare_evaluations(evaluations, evaluations)
    assert np.isnan(comparison.per_class()["gain"]).tolist() == [False, True]
    assert comparison.to_dict()["left_out"] == [1]
    assert "1 of 2 classes has no positives" in repr(comparison)


def test_groups_of_a_comparison_are_by_the_mean_class_count():
    evaluations = folds((4, 0), class_counts=(105, 10)) + folds((4, 0), class_counts=(91, 10))
    comparison = compare_evaluations(evaluations, evaluations)
    assert_array_equal(comparison.class_counts, [98, 10])
    assert comparison.groups.tolist() == ["medium", "few"]
    assert np.isnan(comparison.averages["many"]["recall"]["baseline"])
    assert comparison.averages["medium"]["recall"]["baseline"] == 1
    assert evaluations[0].groups.tolist() == ["many", "few"]


def test_measures_of_a_comparison_are_those_that_all_have():
    comparison = compare_evaluations(evaluate(), evaluate(y_score=None))
    assert comparison.measures == ["precision", "recall", "f1"]
    with pytest.raises(ValueError, match="measure='average_precision' was not evaluated"):
        comparison.per_class("average_precision")


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_comparisons_as_data_frames(backend):
    pytest.importorskip(backend)
    comparison = compare_evaluations(folds((4, 0), (2, 2)), folds((4, 1), (1, 4)))
    frame = comparison.to_frame(backend)
    assert list(frame.columns)[:5] == ["class", "count", "group", "positives", "n_pairs"]
    assert frame["recall_gain"].to_list() == [-0.125, 0.375]
    alone = compare_evaluations(*folds((4, 0)), *folds((4, 1))).to_frame(backend)
    assert "float" in str(alone["recall_gain_std"].dtype).lower()


def test_the_text_of_a_comparison_has_both_and_the_gain():
    text = repr(compare_evaluations(folds((4, 0), (2, 2)), folds((4, 1), (1, 4))))
    line = next(line for line in text.splitlines() if line.startswith("recall"))
    assert line.split() == ["recall", "macro", "2", "0.500", "0.625", "+0.125", "+-", "0.000"]
    assert max(map(len, text.splitlines())) <= 99
    assert text.isascii()  # for consoles that know no more
    assert "shown with its standard deviation over the pairs" in " ".join(text.split())


ONE = folds((4, 0))


@pytest.mark.parametrize(
    ("baseline", "candidate", "message"),
    [
        (ONE * 2, ONE, "baseline has 2 evaluations and candidate 1"),
        ([], [], "baseline has no evaluations"),
        (ONE, [PRED], "candidate must hold FrequencyEvaluation"),
        (ONE, PRED, "'candidate' parameter"),
        (ONE, evaluate(), "same classes"),
        (evaluate(), evaluate(many=200), "same thresholds"),
        (ONE, folds((4, 0), class_counts=(50, 11)), "class 1 has 10 training samples in the base"),
        (ONE * 2, ONE + folds((4, 0), positives=(4, 3)), "Pair 1 .* 4 evaluated positives in the"),
        (evaluate(y_pred=None), evaluate(y_score=None), "no measure in common"),
    ],
)
def test_evaluations_that_cannot_be_compared_are_refused(baseline, candidate, message):
    with pytest.raises(ValueError, match=message):
        compare_evaluations(baseline, candidate)


def test_pairs_of_different_size_are_refused():
    y = np.eye(4, 2, dtype=int)
    small, large = (
        evaluate_by_frequency(target, target, class_counts=[5, 6]) for target in (y[:2], y)
    )
    with pytest.raises(ValueError, match="the baseline has 2 samples and the candidate 4"):
        compare_evaluations(small, large)


# -- plot --------------------------------------------------------------------------------------


@pytest.fixture
def plots():
    mpl = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    mpl.use("agg")
    import mlresample.plots

    yield mlresample.plots
    mpl.pyplot.close("all")


def many_folds(n_classes, n_folds=3, n_samples=100):
    """Compare a candidate that finds more of each class, in a long tail with absent classes."""
    counts = np.maximum(2000 / np.arange(1, n_classes + 1) ** 1.1, 1).astype(int)
    baseline, candidate = [], []
    for seed in range(n_folds):
        generator = np.random.RandomState(seed)
        y_true = generator.uniform(size=(n_samples, n_classes)) < 0.04
        for evaluations, share in [(baseline, 0.5), (candidate, 0.7)]:
            y_pred = y_true & (generator.uniform(size=y_true.shape) < share)
            names = [f"class {c}" for c in range(n_classes)]
            evaluations.append(
                evaluate_by_frequency(y_true, y_pred, class_counts=counts, class_names=names)
            )
    return compare_evaluations(baseline, candidate)


def test_points_are_gains_against_class_counts(plots):
    comparison = many_folds(100)
    display = plots.GainDisplay.from_comparison(comparison, measure="recall")
    figures = comparison.per_class("recall")
    for group, points in display.points_.items():
        of_group = (comparison.groups == group) & ~np.isnan(figures["gain"])
        assert_array_equal(points.get_xdata(), comparison.class_counts[of_group])
        assert_allclose(points.get_ydata(), figures["gain"][of_group])
        ends = display.bars_[group].get_ydata().reshape(-1, 3)
        assert_allclose((ends[:, 1] - ends[:, 0]) / 2, figures["gain_std"][of_group])
        mean = comparison.averages[group]["recall"]["gain"]
        assert_allclose(display.means_[group].get_ydata(), mean)
    assert_array_equal(display.means_["medium"].get_xdata(), [20, 100])
    assert list(display.points_) == ["many", "medium", "few"]
    assert display.ax_.get_xscale() == "log"


def test_a_crowd_of_classes_is_spread_within_half_a_sample_and_has_no_bars(plots):
    comparison = many_folds(3000)
    display = plots.GainDisplay.from_comparison(comparison, measure="recall")
    assert display.bars_ == {}
    is_few = (comparison.groups == "few") & ~np.isnan(comparison.per_class("recall")["gain"])
    counts = display.points_["few"].get_xdata()
    assert_array_equal(np.rint(counts), comparison.class_counts[is_few])
    low, _ = display.ax_.get_xlim()
    assert low < counts.min()


def test_classes_of_less_than_one_sample_on_average_stay_on_the_axes(plots):
    generator = np.random.RandomState(0)
    y = np.eye(1200, dtype=int)
    counts = generator.randint(0, 2, size=(3, 1200))
    baseline, candidate = (
        [evaluate_by_frequency(y, pred, class_counts=class_counts) for class_counts in counts]
        for pred in (1 - y, y)
    )
    display = plots.GainDisplay.from_evaluations(baseline, candidate)
    counts, (low, high) = display.points_["few"].get_xdata(), display.ax_.get_xlim()
    assert low < counts.min() < 0.5
    assert counts.max() < high


def test_axes_that_share_their_limits_show_all_points(plots):
    import matplotlib.pyplot as plt

    bad, good = (evaluate_by_frequency(TRUE, p, class_counts=COUNTS) for p in (1 - TRUE, TRUE))
    _, axes = plt.subplots(1, 2, sharey=True)
    for ax, candidate in zip(axes, (bad, good), strict=True):
        plots.GainDisplay.from_evaluations(bad, candidate, ax=ax)
    low, high = axes[1].get_ylim()
    assert low < 0
    assert high > 1


def test_text_on_the_axes_follows_a_dark_style(plots):
    import matplotlib.pyplot as plt

    with plt.style.context("dark_background"):
        display = plots.GainDisplay.from_comparison(many_folds(10))
    for text in [display.ax_.xaxis.label, *display.annotations_, *display.legend_.get_texts()]:
        assert text.get_color() == "white"


def test_one_pair_is_drawn_without_bars(plots):
    baseline, candidate = folds((4, 0)), folds((4, 1))
    display = plots.GainDisplay.from_evaluations(baseline, candidate)
    assert display.bars_ == {}
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert texts == ["medium, 20 to 100: +0.000", "few, under 20: +0.400"]


def test_classes_without_samples_are_left_out_and_said_so(plots):
    evaluations = folds((4, 0), class_counts=(50, 0))
    display = plots.GainDisplay.from_evaluations(evaluations, evaluations)
    assert "(1 of 2, without samples, not drawn)" in display.ax_.get_xlabel()
    never = folds((0, 4), positives=(0, 4), class_counts=(50, 0))
    with pytest.raises(ValueError, match="No class has samples both"):
        plots.GainDisplay.from_evaluations(never, never)


@pytest.mark.parametrize("n_classes", [2, 10, 30, 80, 374, 3000])
@pytest.mark.parametrize("size", [None, (4, 3), (12, 7)])
def test_nothing_overlaps_or_is_cut_off(plots, n_classes, size):
    import matplotlib.pyplot as plt

    ax = None if size is None else plt.subplots(figsize=size, layout="constrained")[1]
    display = plots.GainDisplay.from_comparison(many_folds(n_classes), ax=ax)
    display.figure_.draw_without_rendering()
    ax, frame = display.ax_, display.figure_.bbox.padded(1)
    legend = display.legend_.get_window_extent()
    for points in display.points_.values():
        assert not legend.count_contains(ax.transData.transform(points.get_xydata()))
    texts = [text for text in display.annotations_ if text.get_visible()]
    for axis in (ax.xaxis, ax.yaxis):
        low, high = axis.get_view_interval()
        ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
        texts += [axis.label, *(label for place, label in ticks if low <= place <= high)]
    boxes = [text.get_window_extent() for text in texts if text.get_text()] + [legend]
    for first, second in combinations(boxes, 2):
        assert not first.overlaps(second)
    for box in boxes:
        assert frame.x0 <= box.x0 <= box.x1 <= frame.x1
        assert frame.y0 <= box.y0 <= box.y1 <= frame.y1
    assert bool(display.annotations_) == (n_classes <= 30)


def test_axes_that_are_given_are_drawn_on_and_svg_works(plots):
    import matplotlib.pyplot as plt

    subfigure = plt.figure(layout="constrained").subfigures(1, 2)[0]
    ax = subfigure.subplots()
    display = plots.GainDisplay.from_comparison(many_folds(10), ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is subfigure
    assert len(plt.get_fignums()) == 1
    file = io.StringIO()
    ax.figure.canvas.figure.savefig(file, format="svg")
    assert "<svg" in file.getvalue()


def test_measures_that_are_unknown_or_were_not_evaluated_are_refused(plots):
    comparison = many_folds(10)
    with pytest.raises(ValueError, match="'measure' parameter"):
        plots.GainDisplay.from_comparison(comparison, measure="accuracy")
    with pytest.raises(ValueError, match="was not evaluated"):
        plots.GainDisplay.from_comparison(comparison, measure="average_precision")
    with pytest.raises(ValueError, match="'comparison' parameter"):
        plots.GainDisplay.from_comparison(folds((4, 0)))


@pytest.mark.parametrize("kind", [sp.csr_array, sp.csc_array, np.asarray])
def test_predictions_of_no_class_at_all_have_a_score_of_0(kind):
    evaluation = evaluate_by_frequency(
        [[1, 0], [0, 1], [0, 0]], kind(np.zeros((3, 2))), class_counts=[3, 2]
    )
    assert evaluation.f1.tolist() == [0, 0]
