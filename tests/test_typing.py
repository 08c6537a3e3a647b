"""Programs of users under mypy: a right one is accepted, a wrong one is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy", reason="mypy is not installed: pip install mypy")

ROOT = Path(__file__).parents[1]

RIGHT = """
from typing import assert_type

import numpy as np
from imblearn.pipeline import make_pipeline
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression

from mlresample import (
    ClassCounts, MaxMultiplierOverSampler, ResamplingPlan, ResamplingRule, compare_plans,
    compute_loss_weights, correct_logits, merge_classes, plan_resampling,
)
from mlresample.metrics import evaluate_by_frequency, measure_imbalance
from mlresample.model_selection import MultilabelTunedThresholdClassifierCV, tune_thresholds
from mlresample.plots import ClassCountsDisplay, CoOccurrenceDisplay, PlanComparisonDisplay
from mlresample.torch import RepeatSampler, loss_weights

y: NDArray[np.int64] = np.array([[1, 0], [1, 0], [1, 1]])
X: NDArray[np.float64] = np.zeros((3, 4))
plan = plan_resampling(y, cap=2, class_names=["cat", "lynx"])
plan_resampling([[1, 0], [1, 1]], class_multipliers={"lynx": 3})
plan_resampling(csr_array(y), class_multipliers=lambda counts: 1 / counts)
plan_resampling(y, target_count={"lynx": 3}, background=0.5)
compare_plans(y, {"cap": [2, 4]})

counts = ClassCounts.from_target(y) + ClassCounts.from_numbers([3, 1], n_samples=3)
assert_type(counts, ClassCounts)
rule = ResamplingRule.from_counts(counts, cap=2, target_count=[3, 2])
assert_type(ResamplingRule.from_counts({"cat": 3, "lynx": 1}), ResamplingRule)
assert_type(ResamplingRule.from_json(rule.to_json()), ResamplingRule)
assert_type(rule.plan(csr_array(y), unseen=1), ResamplingPlan)
assert_type(plan.rule, ResamplingRule)
assert_type(rule.sample_multipliers([[1, 0]]), NDArray[np.float64])
compute_loss_weights(class_counts=counts)

sampler = MaxMultiplierOverSampler(cap=2, random_state=0)
model = make_pipeline(sampler, LogisticRegression())
tuned = MultilabelTunedThresholdClassifierCV(model, cv=3).fit(X, y)
X_resampled, y_resampled = sampler.fit_resample(X, y)
assert_type(X_resampled, NDArray[np.float64])
assert_type(sampler.fit(X, y), MaxMultiplierOverSampler)

weights = compute_loss_weights(plan, cap=10)
assert_type(weights.pos_weight, NDArray[np.float64])
compute_loss_weights(sampler)
compute_loss_weights(class_counts={"cat": 3, "lynx": 1}, n_samples=3)
loss_weights(class_counts=plan.class_counts, n_samples=3)
corrected = correct_logits(X[:, :2], plan=plan, pos_weight=weights)
assert_type(corrected, NDArray[np.float64])
correct_logits(X[:, :2], plan=sampler, pos_weight=[1, 3])
thresholds: NDArray[np.float64] = tune_thresholds(y, X[:, :2])
merged, names = merge_classes(y, {"cat": ["lynx"]}, class_names=["cat", "lynx"])
assert_type(merged, NDArray[np.int64])
assert_type(RepeatSampler(plan, seed=1).epoch, int)
RepeatSampler(plan.sample_multipliers)
RepeatSampler(sampler)

measure_imbalance(csr_array(y))
evaluate_by_frequency(y, X[:, :2] > 0, X[:, :2], plan=plan)
evaluate_by_frequency([[1, 0]], y_score=[[0.9, 0.1]], plan=sampler)
evaluate_by_frequency(y, y, class_counts={"cat": 3, "lynx": 1}, class_names=["cat", "lynx"])
assert_type(ClassCountsDisplay.from_target(y), ClassCountsDisplay)
CoOccurrenceDisplay.from_target([[1, 0], [1, 1]], n_rare=1)
PlanComparisonDisplay.from_target(csr_array(y), {"cap": [2, 4]})
"""

# Each line is wrong by itself.
WRONG = """
import numpy as np
from mlresample import *
from mlresample.metrics import evaluate_by_frequency, measure_imbalance
from mlresample.model_selection import tune_thresholds
from mlresample.plots import ClassCountsDisplay, CoOccurrenceDisplay, PlanComparisonDisplay
from mlresample.torch import RepeatSampler

plan = plan_resampling([[1, 0], [1, 1]])
plan_resampling(3)
plan_resampling("y.csv")
plan_resampling([[1, 0]], target="median")
compare_plans({"cap": [2, 4]}, {"cap": [2, 4]})
ResamplingRule.from_counts(3.5j, cap="4")
ResamplingRule.from_json(plan)
plan.rule.plan("y.csv")
ClassCounts.from_target(3)
compute_loss_weights([3, 1])
compute_loss_weights(plan).pos_weigth
correct_logits(3.0, plan=plan)
correct_logits(np.zeros((1, 2)), plan=[3, 1])
tune_thresholds(np.zeros((3, 2)), 0.5)
MaxMultiplierOverSampler(cap="4")
RepeatSampler(3)
measure_imbalance("y.csv")
evaluate_by_frequency(0.5, [[1, 0]], plan=plan)
evaluate_by_frequency([[1, 0]], "predictions.csv", plan=plan)
evaluate_by_frequency([[1, 0]], y_score=0.5, plan=plan)
evaluate_by_frequency([[1, 0]], [[1, 0]], plan=[3, 1])
evaluate_by_frequency([[1, 0]], [[1, 0]], class_counts=plan)
ClassCountsDisplay.from_target({"cat": [1, 0]})
CoOccurrenceDisplay.from_target(3)
PlanComparisonDisplay.from_target(plan, {"cap": [2, 4]})
"""


def check(program, folder):
    """Run mypy with the settings of this package, under which untyped dependencies are Any."""
    path = folder / "program.py"
    path.write_text(program, encoding="utf-8")
    options = ["--config-file", "pyproject.toml", "--follow-imports", "silent", "--no-pretty"]
    command = [sys.executable, "-m", "mypy", *options, "--no-error-summary", str(path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not result.stderr, result.stderr
    return result.returncode, result.stdout.splitlines()


def test_a_right_program_is_accepted(tmp_path):
    status, lines = check(RIGHT, tmp_path)
    assert status == 0, lines


def test_each_wrong_line_is_refused(tmp_path):
    status, lines = check(WRONG, tmp_path)
    assert status == 1
    refused = {int(line.split(":")[1]) for line in lines if ": error:" in line}
    first = WRONG.splitlines().index("plan_resampling(3)") + 1
    assert refused == set(range(first, len(WRONG.splitlines()) + 1)), lines
