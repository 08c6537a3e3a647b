"""Plans of annotation: what classes lack, quotas per batch, progress."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlresample import ClassCounts, plan_resampling
from mlresample.annotation import plan_annotation
from mlresample.annotation._quotas import share_out

COUNTS = ClassCounts.from_numbers({"road": 900, "crack": 40, "rebar": 10}, n_samples=1000)


def test_a_batch_is_shared_evenly_among_classes_that_still_lack_images():
    plan = plan_annotation([1, 6, 20, 7], target_count=10, batch_size=5)
    assert plan.to_collect.tolist() == [9, 4, 0, 3]
    # 9, 4 and 3 are lacking: 5 = 2 + 2 + 1, the odd ones going to those that lack most; then
    # 7, 2 and 2; then 5 and 1.
    assert plan.quotas.tolist() == [[2, 2, 0, 1], [2, 2, 0, 1], [4, 0, 0, 1], [1, 0, 0, 0]]


def test_images_are_what_is_lacking_over_the_hit_rate_and_quotas_their_expected_positives():
    plan = plan_annotation(COUNTS, target_count=50, batch_size=20, hit_rate=0.5)
    assert plan.images.tolist() == [[0, 10, 10], [0, 10, 10], [0, 0, 20], [0, 0, 20], [0, 0, 20]]
    assert plan.quotas.tolist() == [[0, 5, 5], [0, 5, 5], [0, 0, 10], [0, 0, 10], [0, 0, 10]]
    rows = plan.to_frame().set_index("class")
    assert rows.done_in_batch.tolist()[1:] == [2, 5]
    assert pd.isna(rows.done_in_batch["road"])


def test_whole_numbers_stay_whole_if_a_hit_rate_is_no_binary_fraction():
    plan = plan_annotation([0, 90], target_count=21, batch_size=500, hit_rate=0.7)
    assert plan.images.tolist() == [[30, 0]]  # 21 / 0.7 is a little above 30
    plan = plan_annotation([0, 58], target_count=58, batch_size=100, hit_rate=0.29)
    assert plan.quotas.tolist() == [[29, 0], [29, 0]]  # 100 * 0.29 is a little below 29


def test_random_picking_takes_what_is_lacking_over_the_frequency():
    plan = plan_annotation(COUNTS, target_count=50, batch_size=20, hit_rate=0.5)
    assert plan.images_at_random.tolist() == [0, 250, 4000]  # 10 / 0.04 and 40 / 0.01
    report = plan.to_dict()
    assert (report["images"], report["images_at_random"]) == (100, 4000)
    assert "40.0 times as many" in repr(plan)


def test_without_the_number_of_samples_random_picking_is_unknown():
    plan = plan_annotation({"crack": 40, "rebar": 10}, target_count=50, batch_size=20)
    assert plan.images_at_random is None
    assert plan.to_dict()["images_at_random"] is None
    assert "at random" not in repr(plan)


def test_a_class_without_samples_needs_other_means_to_be_found():
    counts = ClassCounts.from_numbers({"crack": 40, "rebar": 0}, n_samples=100)
    plan = plan_annotation(counts, target_count=50, batch_size=30)
    assert plan.images_at_random.tolist() == [25, np.inf]
    report = plan.to_dict()
    assert report["images_at_random"] is None
    assert report["advice"][1].startswith("rebar: no sample yet")


def test_a_cap_asks_for_what_the_plan_of_resampling_asks_for():
    rng = np.random.RandomState(0)
    y = (rng.uniform(size=(500, 5)) < [0.5, 0.2, 0.1, 0.05, 0.01]).astype(np.uint8)
    for target_count in ("median", 130, 0.25, [200, 100, 90, 80, 70]):
        for cap in (1, 3, 4):
            resampling = plan_resampling(y, target_count=target_count, cap=cap)
            plan = plan_annotation(
                ClassCounts.from_target(y), target_count=target_count, cap=cap, batch_size=10
            )
            assert plan.to_collect.tolist() == resampling.samples_to_collect.tolist()


def test_too_few_batches_leave_classes_short_and_this_is_told():
    plan = plan_annotation(COUNTS, target_count=50, batch_size=20, n_batches=2)
    assert plan.quotas.tolist() == [[0, 10, 10], [0, 0, 20]]
    report = plan.to_dict()
    assert (report["n_batches"], report["n_batches_needed"]) == (2, 3)
    assert [row["done_in_batch"] for row in report["classes"]] == [None, 1, None]
    assert "leaves classes short: 3 are needed" in report["advice"][0]


def test_nothing_is_planned_if_no_class_lacks_images():
    plan = plan_annotation(COUNTS, target_count=10, batch_size=20)
    assert plan.quotas.shape == (0, 3)
    assert plan.to_dict()["advice"] == ["Stop: no class lacks images."]
    assert "Stop" in repr(plan)
    assert "Stop" in plan._repr_html_()


def test_quotas_add_up_for_500_random_settings():
    rng = np.random.RandomState(0)
    for _ in range(500):
        n_classes = rng.randint(1, 12, dtype=np.int64)
        counts = rng.randint(0, 200, size=n_classes, dtype=np.int64)
        batch_size = int(rng.randint(1, 300, dtype=np.int64))
        target_count = int(rng.randint(2, 300, dtype=np.int64))
        hit_rate = [None, 0.3, rng.uniform(0.01, 1, size=n_classes)][rng.randint(3)]
        plan = plan_annotation(
            counts, target_count=target_count, batch_size=batch_size, hit_rate=hit_rate
        )
        assert plan.quotas.sum(axis=0).tolist() == plan.to_collect.tolist()
        assert (plan.quotas >= 0).all()
        assert (plan.quotas <= plan.images).all()
        sizes = plan.images.sum(axis=1)
        assert (sizes[:-1] == batch_size).all()
        assert sizes.sum() == plan.to_dict()["images"]
        fewer = plan_annotation(
            counts,
            target_count=target_count,
            batch_size=batch_size,
            hit_rate=hit_rate,
            n_batches=2,
        )
        assert fewer.quotas.tolist() == plan.quotas[:2].tolist()


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.integers(1, 40))
def test_a_batch_gives_no_class_two_images_more_than_another_that_wants_them(wanted, batch_size):
    wanted = np.array(wanted, dtype=np.int64)
    batch = share_out(wanted, batch_size, 1)[0]
    assert batch.sum() == min(batch_size, wanted.sum())
    assert (batch <= wanted).all()
    short = batch[batch < wanted]
    if len(short):
        assert batch.max() <= short.min() + 1


def test_the_order_of_the_classes_changes_no_quota_but_of_equals():
    counts = np.array([3, 50, 17, 0, 9])
    order = np.array([4, 2, 0, 3, 1])
    plan = plan_annotation(counts, target_count=40, batch_size=13)
    permuted = plan_annotation(counts[order], target_count=40, batch_size=13)
    assert permuted.quotas.tolist() == plan.quotas[:, order].tolist()


# -- progress ----------------------------------------------------------------------------------


def test_progress_reports_what_was_found_beside_what_chance_finds():
    start = plan_annotation(COUNTS, target_count=50, batch_size=100)
    later = ClassCounts.from_numbers({"rebar": 11, "crack": 60, "road": 1000}, n_samples=1200)
    plan = start.progress(later)
    rows = plan.to_frame().set_index("class")
    assert rows.found.to_dict() == {"road": 100, "crack": 20, "rebar": 1}
    assert rows.found_by_chance.tolist() == [180, 8, 2]  # 200 images at 0.9, 0.04 and 0.01
    assert plan.to_collect.tolist() == [0, 0, 39]
    assert plan.to_dict()["n_samples_since_start"] == 200
    assert "rebar: found no more often than by chance" in plan.to_dict()["advice"][1]
    again = plan.progress(
        ClassCounts.from_numbers({"rebar": 50, "crack": 60, "road": 1000}, n_samples=1250)
    )
    assert again.to_frame().found.tolist() == [100, 20, 40]  # since the first start
    assert again.to_dict()["advice"] == ["Stop: no class lacks images."]


def test_what_is_no_better_than_chance_is_told_if_chance_finds_at_least_one():
    counts = {"rich": 30, "equal": 2, "rare": 1}
    start = ClassCounts.from_numbers(counts, n_samples=100)
    plan = plan_annotation(start, target_count=90, batch_size=50, hit_rate=0.02)
    advice = plan.to_dict()["advice"]  # "equal" has a frequency of 0.02 as well
    assert advice[1] == "rich, equal: the hit rate is no higher than that of random picking."
    later = {"rich": 46, "equal": 3, "rare": 1}  # chance finds 15, 1 and 0.5
    advice = plan.progress(ClassCounts.from_numbers(later, n_samples=150)).to_dict()["advice"]
    assert advice[-1].startswith("equal: found no more often than by chance")


def test_the_target_of_the_start_stays_when_the_median_changes():
    start = plan_annotation([10, 20, 90], target_count="median", batch_size=5)
    assert start.progress([10, 40, 90]).to_collect.tolist() == [10, 0, 0]


@pytest.mark.parametrize(
    ("later", "message"),
    [
        ({"road": 900, "crack": 40}, "the plan has 'road', 'crack', 'rebar': both need all"),
        ({"road": 900, "crack": 40, "rebar": 10, "lynx": 1}, "'lynx', the plan has"),
        ({"road": 899, "crack": 40, "rebar": 10}, "had 900"),
        (ClassCounts.from_numbers([900, 40, 10], n_samples=990), "n_samples=990 after 1000"),
        ([900, 40, 10, 3], "has 4 names for|4 classes|3 names for 4"),
    ],
)
def test_progress_refuses_counts_that_do_not_include_the_start(later, message):
    plan = plan_annotation(COUNTS, target_count=50, batch_size=20)
    with pytest.raises(ValueError, match=message):
        plan.progress(later)


# -- reports and bad input ---------------------------------------------------------------------


def test_the_report_is_the_same_as_text_html_frame_and_json():
    plan = plan_annotation(COUNTS, target_count=50, batch_size=20, hit_rate=0.5)
    report = json.loads(plan.to_json())
    assert report["batches"][2] == {
        "batch": 3,
        "n_images": 20,
        "images": [0, 0, 20],
        "quotas": [0, 0, 10],
    }
    assert plan.to_frame().to_dict("records")[2]["images"] == 80
    assert "100 images, 5 batches  (at the hit rates)" in repr(plan)
    assert "5 images, 1 batch  (" in repr(plan_annotation([5], target_count=10, batch_size=9))
    assert "<td>4,000</td>" in plan._repr_html_()
    lines = repr(plan).splitlines()
    assert lines[0] == ("AnnotationPlan: 2 of 3 classes lack 50 positives, batches of 20 images")
    titles = "class count needed to collect at random picked next positives done in batch"
    assert " ".join(lines[4].split()) == titles
    assert " ".join(lines[5].split()) == "rebar 10 50 40 4,000 80 5 5"


def test_a_class_name_is_escaped_in_html():
    plan = plan_annotation({"<b>": 1, "x": 9}, target_count=5, batch_size=2)
    assert "<b>&" not in plan._repr_html_()
    assert "&lt;b&gt;" in plan._repr_html_()


def test_many_classes_are_shown_without_their_middle():
    plan = plan_annotation(np.arange(400), target_count=500, batch_size=1000)
    assert "more classes" in repr(plan)
    assert "250 more classes" in plan._repr_html_()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"counts": [-1, 2]}, "counts must be whole numbers >= 0"),
        ({"counts": [1.5, 2]}, "counts must be whole numbers >= 0"),
        ({"counts": []}, "no classes|must be numbers"),
        ({"counts": [0, 0], "target_count": "median"}, "No class occurs in counts"),
        ({"target_count": 0.5}, "share of the samples"),
        ({"target_count": {"lynx": 5}}, "unknown class 'lynx'"),
        ({"target_count": -1}, "target_count"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 2.5}, "batch_size"),
        ({"n_batches": 0}, "n_batches"),
        ({"cap": 0.5}, "cap"),
        ({"hit_rate": 0}, "hit_rate"),
        ({"hit_rate": 1.5}, "hit_rate"),
        ({"hit_rate": {"crack": 0.5}}, "got none for class 'rebar'"),
        ({"hit_rate": {"crack": 0.5, "rebar": 0}}, "got 0 for class 'rebar'"),
        ({"hit_rate": {"crack": 0.5, "lynx": 0.5}}, "unknown class 'lynx'"),
        ({"target_count": 10**9, "batch_size": 1}, "pass a larger batch_size, or n_batches"),
    ],
)
def test_bad_input_is_a_clear_error(options, message):
    counts = {"crack": 40, "rebar": 10}
    with pytest.raises(ValueError, match=message):
        plan_annotation(**{"counts": counts, "target_count": 50, "batch_size": 20, **options})
