"""Selection of what to label next: greedy gains, rules, groups, the random share."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from mlresample import ClassCounts, ResamplingRule, plan_resampling
from mlresample.annotation import _greedy as greedy
from mlresample.annotation import plan_annotation, select_for_annotation

SCORES = np.array([[0.9, 0.1], [0.8, 0.0], [0.1, 0.6], [0.2, 0.1]])


def chosen(selection):
    return selection.indices.tolist()


def test_no_class_counts_beyond_its_quota():
    selection = select_for_annotation(SCORES, 3, quotas=[1, 1], exploration=0)
    # 0.9 + 0.1; then 0.1 of class 0 is left: 0.1 + 0.6; then 0.3 of class 1 is left: 0 + 0.1
    assert chosen(selection) == [0, 2, 3]
    np.testing.assert_allclose(selection.reasons["gain"], [1.0, 0.7, 0.1])
    assert selection.reasons["class"].tolist() == [0, 1, 1]
    assert selection.reasons["classes"].tolist() == [
        "0 0.90, 1 0.10",
        "1 0.60, 0 0.10",
        "0 0.20, 1 0.10",
    ]


def test_quotas_that_are_filled_are_filled_again():
    scores = [[1.0, 0.0], [0.9, 0.0], [0.8, 0.0], [0.0, 0.1]]
    selection = select_for_annotation(scores, 3, quotas=[1, 0], exploration=0)
    assert chosen(selection) == [0, 1, 2]
    np.testing.assert_allclose(selection.reasons["gain"], [1.0, 0.9, 0.1])


def test_without_any_gain_the_rest_is_drawn_at_random_and_not_marked():
    scores = np.zeros((50, 2))
    scores[7, 0] = 0.5
    selections = [
        select_for_annotation(scores, 4, quotas=[3, 0], exploration=0, random_state=seed)
        for seed in range(20)
    ]
    assert all(selection.indices[0] == 7 for selection in selections)
    assert all(len(set(chosen(selection))) == 4 for selection in selections)
    assert len({index for selection in selections for index in chosen(selection)}) > 25
    assert selections[0].reasons["gain"].tolist() == [0.5, 0, 0, 0]
    assert selections[0].reasons["class"].tolist() == [0, None, None, None]
    assert not selections[0].reasons["is_random"].any()


def gain(scores, quotas, samples):
    return np.minimum(scores[list(samples)].sum(axis=0), quotas).sum()


def small_cases():
    rng = np.random.RandomState(0)
    for _ in range(200):
        n_pool, n_classes = rng.randint(6, 11), rng.randint(1, 5)
        scores = rng.beta(0.4, 0.8, size=(n_pool, n_classes))
        quotas = rng.uniform(0.2, 2.5, size=n_classes)
        groups = rng.randint(0, 4, size=n_pool)
        yield scores, quotas, groups, 3


def test_greedy_is_within_its_bound_of_the_best_of_all_selections():
    ratios = []
    for scores, quotas, _, n in small_cases():
        best = max(gain(scores, quotas, s) for s in combinations(range(len(scores)), n))
        selection = select_for_annotation(scores, n, quotas=quotas, exploration=0)
        ratios.append(gain(scores, quotas, selection.indices) / best)
    assert min(ratios) >= 1 - 1 / np.e
    assert max(ratios) <= 1 + 1e-12
    # How near: 0.999 on average, 0.97 at worst.
    assert np.mean(ratios) > 0.99
    assert min(ratios) > 0.9


def test_greedy_is_within_half_of_the_best_with_groups():
    ratios = []
    for scores, quotas, groups, n in small_cases():
        if len(set(groups)) < n:
            continue
        best = max(
            gain(scores, quotas, s)
            for s in combinations(range(len(scores)), n)
            if len(set(groups[list(s)])) == n
        )
        selection = select_for_annotation(
            scores, n, quotas=quotas, groups=groups, exploration=0, random_state=0
        )
        assert len(set(groups[selection.indices])) == n
        ratios.append(gain(scores, quotas, selection.indices) / best)
    assert min(ratios) >= 0.5
    assert np.mean(ratios) > 0.98  # 0.994 on average, 0.77 at worst


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.booleans())
@example(5187, False)
def test_at_no_step_would_another_sample_gain_more(seed, with_groups):
    rng = np.random.RandomState(seed)
    scores = rng.beta(0.3, 1, size=(60, 4))
    quotas = rng.uniform(2, 6, size=4)
    groups = np.arange(60) // 3 if with_groups else np.arange(60)
    with pytest.MonkeyPatch.context() as patched:  # so that bounds are looked at again and again
        patched.setattr(greedy, "_CANDIDATES", 2)
        patched.setattr(greedy, "_ROWS", 7)
        selection = select_for_annotation(scores, 6, quotas=quotas, groups=groups, exploration=0)
    taken, filling = [], []
    for index, reported in zip(chosen(selection), selection.reasons["gain"], strict=True):
        if gain(scores, quotas, filling) == pytest.approx(quotas.sum()):
            filling = []  # all quotas are filled, and are filled a second time
        others = [i for i in range(60) if groups[i] not in groups[taken]]
        gains = {
            i: gain(scores, quotas, [*filling, i]) - gain(scores, quotas, filling) for i in others
        }
        assert reported == pytest.approx(gains[index])
        assert reported == pytest.approx(max(gains.values()))
        taken.append(index)
        filling.append(index)


def test_float32_and_tensors_and_frames_select_the_same():
    rng = np.random.RandomState(0)
    scores = rng.beta(0.3, 1, size=(200, 3)).astype(np.float32)
    expected = chosen(select_for_annotation(scores, 20, quotas=[4, 5, 6], exploration=0))
    for container in (
        scores.astype(np.float64),
        np.asfortranarray(scores),
        scores.tolist(),
        pd.DataFrame(scores),
    ):
        selection = select_for_annotation(container, 20, quotas=[4, 5, 6], exploration=0)
        assert chosen(selection) == expected


# -- rules -------------------------------------------------------------------------------------

RULE = ResamplingRule.from_counts({"road": 100, "crack": 50, "rebar": 10}, target_count=100)
# multipliers 1, 2 and 4


def test_with_a_rule_the_gain_is_the_expected_largest_multiplier():
    scores = [[0.5, 0.5, 0.0], [0.0, 0.0, 0.3], [1.0, 0.2, 0.1], [0.0, 0.0, 0.0]]
    selection = select_for_annotation(scores, 4, rule=RULE, exploration=0)
    # 0.5 * 2 + 0.5 * 1; 0.3 * 4 + 0.7 * 1; 0.1 * 4 + 0.9 * 0.2 * 2 + 0.9 * 0.8 * 1; background
    expected = {0: 1.5, 1: 1.9, 2: 1.48, 3: 1.0}
    assert chosen(selection) == [1, 0, 2, 3]
    for index, value in zip(chosen(selection), selection.reasons["gain"], strict=True):
        assert value == pytest.approx(expected[index])
    assert selection.reasons["class"][0] == "rebar"


def test_the_expected_multiplier_is_that_of_drawn_labels():
    rng = np.random.RandomState(0)
    scores = rng.uniform(size=(5, 3))
    selection = select_for_annotation(scores, 5, rule=RULE, exploration=0)
    for index, value in zip(chosen(selection), selection.reasons["gain"], strict=True):
        y = rng.uniform(size=(40_000, 3)) < scores[index]
        drawn = RULE.plan(y.astype(np.uint8)).sample_multipliers.mean()
        assert value == pytest.approx(drawn, abs=0.03)


def test_a_class_that_the_rule_never_saw_counts_as_much_as_its_largest():
    rule = ResamplingRule.from_counts([100, 10, 0], target_count=100)
    selection = select_for_annotation(
        [[0.0, 0.0, 0.5], [0.0, 0.5, 0.0]], 2, rule=rule, exploration=0
    )
    assert selection.reasons["gain"].tolist() == [2.5, 2.5]


def test_plans_are_taken_as_rules():
    y = [[1, 0, 0]] * 8 + [[0, 1, 0]] * 4 + [[0, 0, 1]]
    plan = plan_resampling(y)
    scores = np.random.RandomState(0).uniform(size=(30, 3))
    by_plan = select_for_annotation(scores, 9, rule=plan, exploration=0)
    assert chosen(by_plan) == chosen(
        select_for_annotation(scores, 9, rule=plan.rule, exploration=0)
    )


# -- groups and the random share ---------------------------------------------------------------


def test_at_most_k_are_selected_of_a_group():
    rng = np.random.RandomState(0)
    scores, groups = rng.uniform(size=(300, 3)), rng.randint(0, 40, size=300)
    for k in (1, 2, 3):
        for options in ({"quotas": [9, 9, 9]}, {"rule": RULE.from_counts([9, 3, 1])}):
            selection = select_for_annotation(
                scores, 35, groups=groups, max_per_group=k, exploration=0, **options
            )
            assert len(set(chosen(selection))) == 35
            assert np.bincount(groups[selection.indices]).max() <= k


def test_a_group_is_used_up_to_its_limit():
    scores = np.column_stack([np.linspace(1, 0.1, 10), np.zeros(10)])
    groups = [0] * 5 + [1] * 5
    for options in ({"quotas": [9, 0]}, {"rule": RULE.from_counts([1, 2])}):
        selection = select_for_annotation(
            scores, 4, groups=groups, max_per_group=2, exploration=0, **options
        )
        assert chosen(selection) == [0, 1, 5, 6]


def test_groups_may_be_named():
    selection = select_for_annotation(
        SCORES, 2, quotas=[2, 0], groups=["a", "a", "b", "b"], exploration=0
    )
    assert chosen(selection) == [0, 3]


def test_the_random_share_is_first_marked_and_exempt_from_groups():
    scores = np.full((100, 2), 0.5)
    groups = np.append(np.zeros(98, dtype=int), [1, 2])
    selection = select_for_annotation(
        scores, 20, quotas=[9, 9], groups=groups, exploration=0.9, random_state=0
    )
    assert selection.reasons["is_random"].tolist() == [True] * 18 + [False] * 2
    assert (groups[selection.indices[:18]] == 0).sum() > 1
    assert set(groups[selection.indices[18:]]) == {1, 2}


def test_every_sample_of_the_pool_is_drawn_at_random_as_often():
    rng = np.random.RandomState(0)
    scores = np.random.RandomState(1).beta(0.3, 1, size=(20, 2))
    counts = np.zeros(20)
    for _ in range(2000):
        selection = select_for_annotation(
            scores, 8, quotas=[3, 3], exploration=0.5, groups=np.arange(20) // 2, random_state=rng
        )
        at_random = selection.indices[selection.reasons["is_random"]]
        assert len(at_random) == 4
        counts[at_random] += 1
    assert chisquare(counts).pvalue > 0.001


def test_what_was_drawn_at_random_counts_for_the_quotas():
    scores = np.array([[1.0, 0.0]] * 30 + [[0.0, 0.5]] * 3)
    selection = select_for_annotation(scores, 4, quotas=[1, 1], exploration=0.25, random_state=0)
    assert selection.indices[0] < 30
    assert (selection.indices[1:3] >= 30).all()


def test_the_random_share_is_rounded_half_up():
    for n, expected in ((4, 0), (5, 1), (14, 1), (15, 2)):
        selection = select_for_annotation(np.full((20, 2), 0.5), n, quotas=[1, 1], random_state=0)
        assert selection.reasons["is_random"].sum() == expected


def test_no_sample_is_selected_twice_if_the_rest_brings_no_gain():
    scores = np.zeros((6, 2))
    scores[:2, 0] = 0.5
    for seed in range(5):
        selection = select_for_annotation(scores, 6, quotas=[3, 0], random_state=seed)
        assert sorted(chosen(selection)) == list(range(6))


def test_the_same_seed_selects_the_same():
    scores = np.random.RandomState(0).uniform(size=(99, 2))
    first, second, other = (
        chosen(select_for_annotation(scores, 30, quotas=[2, 2], random_state=seed))
        for seed in (1, 1, 2)
    )
    assert first == second != other


def test_all_of_a_pool_can_be_selected():
    selection = select_for_annotation(SCORES, 4, quotas=[1, 1], random_state=0)
    assert sorted(chosen(selection)) == [0, 1, 2, 3]


# -- names decide ------------------------------------------------------------------------------


def test_quotas_rules_and_plans_are_matched_by_name():
    rng = np.random.RandomState(0)
    names = ["road", "crack", "rebar"]
    scores = pd.DataFrame(rng.uniform(size=(50, 3)), columns=names)
    other = scores[["rebar", "road", "crack"]]
    plan = plan_annotation({"road": 50, "crack": 7, "rebar": 1}, target_count=9, batch_size=5)
    for options in (
        {"quotas": {"rebar": 2, "crack": 4}},
        {"quotas": pd.Series({"rebar": 2, "crack": 4})},
        {"quotas": plan},
        {"rule": RULE},
    ):
        expected = chosen(select_for_annotation(scores, 8, exploration=0, **options))
        assert chosen(select_for_annotation(other, 8, exploration=0, **options)) == expected
        named = select_for_annotation(
            other.to_numpy(), 8, exploration=0, class_names=list(other.columns), **options
        )
        assert chosen(named) == expected


def test_an_array_has_the_classes_of_the_plan_in_their_order():
    plan = plan_annotation({"crack": 7, "rebar": 1}, target_count=9, batch_size=50)
    selection = select_for_annotation(SCORES, 2, quotas=plan, exploration=0)
    assert set(selection.reasons["class"]) <= {"crack", "rebar"}


def test_quotas_of_a_plan_are_at_most_what_is_lacking():
    plan = plan_annotation([1, 9], target_count=4, batch_size=50, hit_rate=0.4)
    assert plan.images.tolist() == [[8, 0]]  # 3 / 0.4, rounded up, which bring 3.2
    selection = select_for_annotation([[1.0, 0.0]] * 4, 4, quotas=plan, exploration=0)
    assert selection.reasons["gain"].tolist() == [1, 1, 1, 1]  # the fourth begins anew


# -- reports and bad input ---------------------------------------------------------------------


def test_the_report_has_a_row_for_each_sample():
    selection = select_for_annotation(SCORES, 3, quotas=[1, 1], exploration=0.34, random_state=0)
    frame = selection.to_frame()
    assert frame["index"].tolist() == chosen(selection)
    assert frame.is_random.tolist() == [True, False, False]
    assert pd.isna(frame.gain[0])
    assert pd.isna(frame["class"][0])
    assert repr(selection).startswith("3 of 4 samples, 1 of them at random\nindex  random ")
    assert "<td>yes</td>" in selection._repr_html_()
    assert len(selection.to_dict()["samples"]) == 3


def test_the_report_names_likely_classes_and_no_gain_of_random_samples():
    selection = select_for_annotation([[0.9, 0.04], [0.2, 0.05]], 2, quotas=[1, 1], exploration=0)
    assert selection.reasons["classes"].tolist() == ["0 0.90", "0 0.20, 1 0.05"]
    selection = select_for_annotation(SCORES, 1, quotas=[1, 1], exploration=1, random_state=0)
    assert selection.to_dict()["samples"][0]["gain"] is None


def test_chosen_samples_become_multipliers():
    selection = select_for_annotation(SCORES, 2, quotas=[1, 1], exploration=0)
    assert selection.sample_multipliers(3).tolist() == [3, 1, 3, 1]
    with pytest.raises(ValueError, match="multiplier"):
        selection.sample_multipliers(-1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y_score": SCORES + 0.2}, r"probabilities in \[0, 1\], got 1.1 in row 0, column 0"),
        ({"y_score": SCORES - 0.05}, r"got -0.05 in row 1, column 1"),
        ({"y_score": np.where(SCORES == 0.6, np.nan, SCORES)}, "NaN"),
        ({"y_score": SCORES.round().astype(int)}, "must be floats"),
        ({"y_score": SCORES[:, 0]}, "shape"),
        ({"n": 5}, "at most the size of the pool, 4, got 5"),
        ({"n": 0}, "'n' parameter"),
        ({"quotas": None}, "either quotas or rule"),
        ({"rule": RULE}, "either quotas or rule"),
        ({"quotas": {2: 1}}, "unknown class 2"),
        ({"quotas": [1, 2, 3]}, "2 classes"),
        ({"quotas": [1, -2]}, "got -2 for class 1"),
        ({"quotas": [1, np.nan]}, "got nan for class 1"),
        ({"quotas": [0, 0]}, "0 for every class"),
        ({"quotas": None, "rule": RULE}, "2 columns for 3 classes"),
        ({"class_names": ["a", "b", "c"]}, "2 columns for 3 classes"),
        ({"groups": [1, 2]}, "groups has 2 values for a pool of 4"),
        ({"groups": [1, 1, 1, 1]}, "groups allow 1 sample, fewer than n=2"),
        ({"max_per_group": 2}, "no effect without groups"),
        ({"exploration": 1.5}, "exploration"),
        ({"quotas": plan_annotation([9, 9], target_count=3, batch_size=5)}, "no class lacks"),
        (
            {
                "quotas": plan_annotation({"a": 1, "b": 1}, target_count=3, batch_size=5),
                "class_names": ["a", "x"],
            },
            "those of the quotas or the rule are 'a', 'b'",
        ),
    ],
)
def test_bad_input_is_a_clear_error(options, message):
    given = {"y_score": SCORES, "n": 2, "quotas": [1, 1], "exploration": 0, **options}
    with pytest.raises(ValueError, match=message):
        select_for_annotation(**given)


def test_a_rule_must_be_one():
    with pytest.raises(TypeError, match="rule must be"):
        select_for_annotation(SCORES, 2, rule=[1.0, 2.0])


def test_a_frame_in_another_order_than_class_names_is_refused():
    frame = pd.DataFrame(SCORES, columns=["a", "b"])
    with pytest.raises(ValueError, match="leave class_names out"):
        select_for_annotation(frame, 2, quotas=[1, 1], class_names=["b", "a"])


def test_quotas_of_a_plan_are_not_rounded_to_0_where_hit_rates_are_low():
    counts = ClassCounts.from_numbers(dict.fromkeys("abcdefghij", 10), n_samples=1000)
    plan = plan_annotation(counts, target_count=50, batch_size=100, hit_rate=0.05)
    assert not plan.quotas[0].any()  # ten images of each class, half a positive
    y_score = np.full((300, 10), 0.001)
    y_score[:100] += np.eye(10)[np.arange(100) % 10] * 0.5
    selection = select_for_annotation(y_score, 10, quotas=plan, exploration=0)
    assert sorted(selection.indices % 10) == list(range(10))
    assert (selection.indices < 100).all()


def test_report_begins_with_the_samples_that_were_chosen_for_a_reason():
    y_score = np.random.RandomState(0).uniform(size=(300, 3))
    selection = select_for_annotation(y_score, 100, quotas=[9, 9, 9], random_state=0)
    gains = selection.reasons["gain"]
    assert np.isnan(gains[:10]).all()
    rows = [line.split() for line in repr(selection).splitlines()[2:]]
    assert rows[0][:2] == [str(selection.indices[10]), f"{gains[10]:.3f}"]
    assert [row[1] for row in rows[-10:]] == ["yes"] * 10


def test_gains_that_differ_by_their_rounding_alone_end():
    """Near the end of a filling, thousands of samples bring all that is left, and so the same."""
    y_score = np.random.RandomState(1).beta(0.2, 2, (40_000, 60))
    groups = np.arange(40_000) // 7
    selection = select_for_annotation(
        y_score, 600, quotas=np.full(60, 3.0), random_state=0, groups=groups
    )
    assert len({*groups[selection.indices[60:]].tolist()}) == 540
