"""Targets that hold counts of instances, and the instance-aware rule."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from mlresample import (
    ClassCounts,
    MaxMultiplierOverSampler,
    ResamplingRule,
    compare_plans,
    plan_resampling,
)
from mlresample._cli import main
from mlresample.readers import read_coco, read_yolo

COUNTS = np.array([[40, 0], [1, 0], [1, 2], [0, 0]])  # person, bicycle
IRFS = {"power": 0.5, "cap": np.inf, "instance_aware": True}


def coco_like(seed, n_samples=400, n_classes=15):
    """Generate counts of boxes: classes of a long tail, of which some come in crowds."""
    rng = np.random.default_rng(seed)
    share = 0.4 / np.arange(1, n_classes + 1) ** 1.5
    crowd = rng.geometric(rng.uniform(0.05, 1, n_classes), (n_samples, n_classes))
    counts = (rng.random((n_samples, n_classes)) < share) * crowd
    counts[:n_classes] += np.eye(n_classes, dtype=np.int64)
    return counts


def image_and_instance_repeat_factors(counts, t):
    """Transcribe repeat factors by images and instances, class by class and image by image."""
    n_images, n_classes = counts.shape
    n_boxes = sum(int(count) for row in counts for count in row)
    of_class = []
    for c in range(n_classes):
        f_i = sum(1 for row in counts if row[c] > 0) / n_images
        f_b = sum(int(row[c]) for row in counts) / n_boxes
        of_class.append(max(1.0, (t / (f_i * f_b) ** 0.5) ** 0.5))
    of_image = [
        max((of_class[c] for c in range(n_classes) if row[c] > 0), default=1.0) for row in counts
    ]
    return np.array(of_class), np.array(of_image)


def polars_frame(counts):
    return pytest.importorskip("polars").DataFrame(counts, schema=["a", "b"])


CONTAINERS = {
    "array": np.array,
    "Fortran": np.asfortranarray,
    "float16": lambda y: y.astype(np.float16),
    "objects": lambda y: y.astype(object),
    "list": lambda y: y.tolist(),
    "csr": sp.csr_array,
    "csc": sp.csc_matrix,
    "coo": sp.coo_array,
    "pandas": lambda y: pd.DataFrame(y, columns=["a", "b"]),
    "pandas with nulls allowed": lambda y: pd.DataFrame(y, columns=["a", "b"]).astype("Int64"),
    "polars": polars_frame,
    "torch": lambda y: pytest.importorskip("torch").tensor(y),
}


# -- the target --------------------------------------------------------------------------------


@pytest.mark.parametrize("container", CONTAINERS)
def test_presence_and_instances_are_told_apart_in_every_container(container):
    plan = plan_resampling(CONTAINERS[container](COUNTS), instances=True, target_count=2)
    np.testing.assert_array_equal(plan.class_counts, [3, 1])
    np.testing.assert_array_equal(plan.instance_counts, [42, 2])
    np.testing.assert_array_equal(plan.sample_multipliers, [1, 1, 2, 1])
    np.testing.assert_array_equal(plan.resampled_instance_counts, [40 + 1 + 2, 4])
    assert plan.n_without_class == 1


def test_without_instances_a_count_is_an_error_that_names_the_way_in():
    with pytest.raises(ValueError, match=r"got 40 in row 0, class 0.*instances=True"):
        plan_resampling(COUNTS)


@pytest.mark.parametrize("wrong", [-1.0, 0.5, np.inf, np.nan])
@pytest.mark.parametrize(
    "kind", [np.array, sp.csr_array, sp.csc_array, lambda y: y.astype(object)]
)
def test_what_is_no_count_is_an_error_that_names_its_place(wrong, kind):
    y = COUNTS.astype(float)
    y[2, 1] = wrong
    with pytest.raises(ValueError, match=rf"whole numbers >= 0, got {wrong} in row 2, class 'b'"):
        plan_resampling(kind(y), class_names=["a", "b"], instances=True)


@pytest.mark.parametrize("kind", [np.array, sp.csr_array])
def test_a_negative_integer_is_an_error(kind):
    with pytest.raises(ValueError, match=r"whole numbers >= 0, got -1(\.0)? in row 1, class 1"):
        plan_resampling(kind([[3, 0], [0, -1], [1, 2]]), instances=True)


@pytest.mark.parametrize("kind", [np.array, sp.csr_array])
def test_blocks_of_rows_change_nothing(kind, monkeypatch):
    counts = coco_like(4)
    whole = plan_resampling(kind(counts), instances=True)
    monkeypatch.setattr("mlresample._target.instances.BLOCK_SIZE", 64)
    plan = plan_resampling(kind(counts), instances=True)
    np.testing.assert_array_equal(plan.instance_counts, whole.instance_counts)
    np.testing.assert_allclose(
        plan.resampled_instance_counts, whole.resampled_instance_counts, rtol=1e-12
    )
    counts[333, 2] = -1
    with pytest.raises(ValueError, match=r"got -1(\.0)? in row 333, class 2"):
        plan_resampling(kind(counts), instances=True)


def test_explicit_zeros_of_a_sparse_matrix_are_no_presence():
    y = sp.csr_array(([3, 0, 1], [0, 1, 1], [0, 2, 3]), shape=(2, 2))
    assert ClassCounts.from_target(y, instances=True).class_counts.tolist() == [1, 1]


def test_class_labels_are_no_counts():
    for y in (["a", "b", "a"], [[1], [2]], np.array([["a", "b"], ["c", "d"]])):
        with pytest.raises(ValueError, match="one column for each of two or more classes"):
            plan_resampling(y, instances=True)


def test_a_string_among_counts_is_an_error():
    with pytest.raises(ValueError, match="got 'a' in row 1, class 0"):
        plan_resampling(np.array([[1, 2], ["a", 2]], dtype=object), instances=True)


def test_too_many_instances_are_an_error():
    with pytest.raises(ValueError, match=r"at most 2\*\*53 instances"):
        plan_resampling([[2.0**53, 1], [2.0**53, 0]], instances=True)


def test_duplicates_of_a_sparse_matrix_are_added():
    y = sp.coo_array((np.array([200, 200, 1], dtype=np.uint8), ([0, 0, 1], [0, 0, 1])))
    np.testing.assert_array_equal(
        ClassCounts.from_target(y, instances=True).instance_counts, [400, 1]
    )


def test_a_target_of_0_and_1_gives_the_same_plan_as_counts():
    y = (coco_like(0) > 0).astype(np.uint8)
    plain, counted = plan_resampling(y), plan_resampling(y, instances=True)
    np.testing.assert_array_equal(plain.class_multipliers, counted.class_multipliers)
    np.testing.assert_array_equal(plain.levels, counted.levels)
    np.testing.assert_array_equal(counted.instance_counts, counted.class_counts)
    np.testing.assert_allclose(
        counted.resampled_instance_counts, plain.resampled_class_counts, rtol=1e-12
    )
    assert plain.instance_counts is plain.resampled_instance_counts is None


# -- the rule ----------------------------------------------------------------------------------


def test_the_count_of_an_instance_aware_rule_by_hand():
    # person: f_i = 3/4, f_b = 42/44; bicycle: f_i = 1/4, f_b = 2/44.
    plan = plan_resampling(COUNTS, instances=True, target_count=0.5, **IRFS)
    bicycle = (0.5 / (0.25 * 2 / 44) ** 0.5) ** 0.5
    np.testing.assert_allclose(plan.class_multipliers, [1, bicycle], rtol=1e-14)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [np.array, np.asfortranarray, sp.csr_array, sp.csc_array])
def test_repeat_factors_by_images_and_instances_equal_their_transcription(seed, kind):
    counts = coco_like(seed)
    of_class, of_image = image_and_instance_repeat_factors(counts, 0.05)
    plan = plan_resampling(kind(counts), instances=True, target_count=0.05, **IRFS)
    np.testing.assert_allclose(plan.class_multipliers, of_class, rtol=1e-12)
    np.testing.assert_allclose(plan.sample_multipliers, of_image, rtol=1e-12)
    np.testing.assert_allclose(plan.resampled_class_counts, of_image @ (counts > 0), rtol=1e-12)
    np.testing.assert_allclose(plan.resampled_instance_counts, of_image @ counts, rtol=1e-12)
    assert len(set(of_class)) > 5


@given(seed=st.integers(0, 1000))
def test_permuting_classes_and_samples_permutes_the_plan(seed):
    counts = coco_like(seed, 60, 6)
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(60), rng.permutation(6)
    plan = plan_resampling(counts, instances=True, target_count=0.2, **IRFS)
    permuted = plan_resampling(counts[rows][:, columns], instances=True, target_count=0.2, **IRFS)
    np.testing.assert_allclose(permuted.class_multipliers, plan.class_multipliers[columns])
    np.testing.assert_allclose(permuted.sample_multipliers, plan.sample_multipliers[rows])


@pytest.mark.parametrize("seed", range(3))
def test_an_instance_aware_plan_meets_a_budget(seed):
    counts = coco_like(seed)
    plan = plan_resampling(counts, instances=True, epoch_size=1.3, floor=0.5, instance_aware=True)
    np.testing.assert_allclose(plan.sample_multipliers.sum(), 1.3 * len(counts), rtol=1e-6)
    again = plan_resampling(
        counts,
        instances=True,
        target_count=plan.resolved_target_count,
        floor=0.5,
        instance_aware=True,
    )
    np.testing.assert_array_equal(again.class_multipliers, plan.class_multipliers)


def test_compared_plans_are_those_of_plan_resampling():
    counts = coco_like(1)
    grid = [
        {"instance_aware": [False, True], "cap": [2, np.inf], "power": [0.5, 1.0]},
        {"instance_aware": [True], "cap": [3], "power": [2.0]},
    ]
    comparison = compare_plans(counts, grid, instances=True)
    assert len(comparison.parameters) == 9
    for i, parameters in enumerate(comparison.parameters):
        plan = plan_resampling(counts, instances=True, **parameters)
        resampled = plan.sample_multipliers @ (counts > 0)
        imbalance = resampled.max() / resampled
        assert comparison.resolved_target_count[i] == plan.resolved_target_count
        assert comparison.epoch_size[i] == plan.epoch_size
        np.testing.assert_allclose(comparison.resampled_mean_imbalance[i], imbalance.mean())
        np.testing.assert_allclose(comparison.resampled_imbalance_ratio[i], imbalance.max())
    budgets = compare_plans(
        counts, {"instance_aware": [False, True], "epoch_size": [1.1, 1.4]}, instances=True
    )
    np.testing.assert_allclose(sorted(budgets.growth), [1.1, 1.1, 1.4, 1.4], rtol=1e-6)
    assert "True" in repr(budgets)


def test_an_instance_aware_plan_says_nothing_of_samples_to_collect():
    plan = plan_resampling(COUNTS, instances=True, instance_aware=True)
    assert plan.samples_to_collect is None
    assert plan_resampling(COUNTS, instances=True).samples_to_collect.tolist() == [0, 0]
    assert "instance-aware" in repr(plan)


def test_an_instance_aware_rule_needs_instances_and_the_number_of_samples():
    with pytest.raises(
        ValueError, match=r"instance_aware=True needs the instances.*instances=True"
    ):
        plan_resampling(COUNTS > 0, instance_aware=True)
    counts = ClassCounts.from_numbers([3, 1], instance_counts=[42, 2])
    with pytest.raises(ValueError, match="needs the number of samples: pass n_samples"):
        ResamplingRule.from_counts(counts, instance_aware=True)


def test_instance_aware_contradicts_what_it_would_not_act_on():
    for parameters in ({"class_multipliers": [1, 2]}, {"target_count": [5, 5]}):
        with pytest.raises(ValueError, match="instance_aware"):
            plan_resampling(COUNTS, instances=True, instance_aware=True, **parameters)


# -- counts and rules that are kept ------------------------------------------------------------


def test_instances_of_batches_add_up_by_class_name():
    first = ClassCounts.from_target(COUNTS, class_names=["person", "bicycle"], instances=True)
    second = ClassCounts.from_numbers(
        {"lynx": 1, "person": 2}, n_samples=3, instance_counts={"person": 7, "lynx": 3}
    )
    for total in (first + second, second + first):
        assert total.classes.tolist() == ["bicycle", "lynx", "person"]
        assert total.class_counts.tolist() == [1, 1, 5]
        assert total.instance_counts.tolist() == [2, 3, 49]
    assert (first + first).instance_counts.tolist() == [84, 4]
    unknown = ClassCounts.from_numbers({"person": 2, "bicycle": 1})
    assert (first + unknown).instance_counts is None


def test_a_rule_of_batches_is_that_of_the_whole():
    counts = coco_like(2)
    batches = [
        ClassCounts.from_target(part, instances=True) for part in (counts[:90], counts[90:])
    ]
    rule = ResamplingRule.from_counts(sum(batches), target_count=0.1, **IRFS)
    plan = plan_resampling(counts, instances=True, target_count=0.1, **IRFS)
    np.testing.assert_array_equal(rule.class_multipliers, plan.class_multipliers)
    again = rule.plan(counts, instances=True)
    np.testing.assert_array_equal(again.resampled_instance_counts, plan.resampled_instance_counts)
    np.testing.assert_array_equal(again.instance_counts, plan.instance_counts)
    np.testing.assert_array_equal(
        rule.sample_multipliers(counts[:9], instances=True), plan.sample_multipliers[:9]
    )


@pytest.mark.parametrize("wrong", [[2, 2], [42, -1], [42, 2.5], [42, np.inf], [1, 2, 3]])
def test_instances_that_contradict_the_counts_are_an_error(wrong):
    with pytest.raises(ValueError, match="instance_counts"):
        ClassCounts.from_numbers([3, 1], instance_counts=wrong)
    with pytest.raises(ValueError, match="0 for a class without samples"):
        ClassCounts.from_numbers([3, 0], instance_counts=[3, 1])


def test_a_rule_with_instances_is_written_and_read():
    plan = plan_resampling(COUNTS, instances=True, target_count=0.5, **IRFS)
    text = plan.rule.to_json()
    rule = ResamplingRule.from_json(text)
    assert rule.to_json() == text
    assert rule.parameters.instance_aware is True
    assert rule.counts.instance_counts.tolist() == [42, 2]


def test_a_rule_without_instances_is_written_as_before_there_were_any():
    written = json.loads(plan_resampling(COUNTS > 0).rule.to_json())
    assert "instance_counts" not in written
    assert "instance_aware" not in written["parameters"]


# -- estimator, report, readers ----------------------------------------------------------------


def test_the_estimator_returns_the_counts_of_the_repeated_samples():
    X = np.arange(len(COUNTS)).reshape(-1, 1)
    sampler = MaxMultiplierOverSampler(instances=True, instance_aware=True, target_count=2)
    X_resampled, y_resampled = sampler.fit_resample(X, COUNTS)
    np.testing.assert_array_equal(y_resampled, COUNTS[X_resampled[:, 0]])
    assert sampler.class_counts_.tolist() == [3, 1]
    assert sampler.plan_.instance_counts.tolist() == [42, 2]


def test_the_report_shows_instances_before_and_after():
    plan = plan_resampling(
        COUNTS, class_names=["person", "bicycle"], instances=True, target_count=2
    )
    report = plan.to_dict()
    assert (report["n_instances"], report["resampled_n_instances"]) == (44, 47.0)
    rows = [(row["instances"], row["resampled_instances"]) for row in report["classes"]]
    assert rows == [(42, 43.0), (2, 4.0)]
    assert plan.to_frame()["instances"].tolist() == [42, 2]
    lines = repr(plan).splitlines()
    assert "instances                  44      47.0" in lines
    assert any(
        line.split()[0] == "bicycle" and line.endswith("2             4.0") for line in lines
    )
    html = plan._repr_html_()
    assert "44 → 47.0" in html
    assert "instance quota" in html
    assert "instance" not in repr(plan_resampling(COUNTS > 0))


def test_coco_gives_counts_on_request(tmp_path):
    content = {
        "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}],
        "annotations": [{"image_id": 7, "category_id": c} for c in (3, 3, 1, 3)],
        "categories": [{"id": 1, "name": "cat"}, {"id": 3, "name": "dog"}],
    }
    (tmp_path / "a.json").write_text(json.dumps(content))
    assert read_coco(tmp_path / "a.json", instances=True).y.toarray().tolist() == [[1, 3], [0, 0]]
    table = read_coco(tmp_path / "a.json")
    assert table.y.toarray().tolist() == [[1, 1], [0, 0]]
    assert table.y.dtype == np.uint8


def test_yolo_gives_counts_on_request(tmp_path):
    (tmp_path / "train.txt").write_text("images/a.jpg\nimages/b.jpg\n")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("1 .5 .5 .2 .2\n0 .5 .5 .2 .2\n1 .1 .5 .2 .2\n")
    table = read_yolo(tmp_path / "train.txt", class_names=["cat", "dog"], instances=True)
    assert table.y.toarray().tolist() == [[1, 2], [0, 0]]


# -- the command line --------------------------------------------------------------------------


@pytest.fixture
def coco(tmp_path):
    counts = coco_like(3, 60, 4)
    content = {
        "images": [{"id": i, "file_name": f"{i}.jpg"} for i in range(60)],
        "categories": [{"id": c, "name": str(c)} for c in range(4)],
        "annotations": [
            {"image_id": i, "category_id": c}
            for i, row in enumerate(counts.tolist())
            for c, n in enumerate(row)
            for _ in range(n)
        ],
    }
    (tmp_path / "train.json").write_text(json.dumps(content))
    return str(tmp_path / "train.json"), counts


def test_the_command_line_plans_by_instances(coco, capsys):
    file, counts = coco
    rule = ["--instances", "--instance-aware", "--target-count", "0.2", "--power", "0.5"]
    assert main(["plan", file, *rule, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    plan = plan_resampling(
        counts, instances=True, instance_aware=True, target_count=0.2, power=0.5
    )
    assert [row["multiplier"] for row in report["classes"]] == plan.class_multipliers.tolist()
    assert report["n_instances"] == counts.sum()
    assert main(["compare", file, "--instances", "--instance-aware", "--json"]) == 0
    plans = json.loads(capsys.readouterr().out)["plans"]
    assert {row["param_instance_aware"] for row in plans} == {True}
    assert len(plans) > 5
    assert main(["plan", file, *rule, "--html"]) == 0
    assert "instance quota" in capsys.readouterr().out
    assert main(["resample", file, *rule]) == 0
    assert len(capsys.readouterr().out.splitlines()) == plan.epoch_size + 1


def test_the_command_line_says_where_instances_have_no_effect(coco, capsys):
    file, _ = coco
    assert main(["split", file, "--instances"]) == 2
    assert "--instances has no effect on mlresample split" in capsys.readouterr().err
    assert main(["plan", file, "--instance-aware"]) == 2
    assert "--instance-aware needs the instances" in capsys.readouterr().err
