"""The plan as a report: figures, text, HTML, verdicts."""

import json
import time
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlresample import compare_plans, compute_loss_weights, plan_resampling
from mlresample._reporting.html import page
from mlresample._utils.names import count_of
from mlresample.metrics import compare_evaluations, evaluate_by_frequency, measure_imbalance

# 40 cats, of which 4 with a lynx; 10 birds; 6 samples without a class
Y = np.zeros((56, 4), dtype=np.uint8)
Y[:40, 0] = Y[:4, 1] = Y[40:50, 2] = 1
NAMES = ["cat", "lynx", "bird", "dodo"]


def make_plan(**options):
    return plan_resampling(Y, class_names=NAMES, **options)


def codes(plan):
    return [found["code"] for found in plan.to_dict()["verdicts"]]


def verdict(plan, code):
    (only,) = (found for found in plan.to_dict()["verdicts"] if found["code"] == code)
    return only


# -- figures -----------------------------------------------------------------------------------


def test_the_figures_of_a_plan():
    report = make_plan(cap=2, target_count=16).to_dict()
    verdicts, rows = report.pop("verdicts"), report.pop("classes")
    assert report == {
        "schema_version": 1,
        "cap": 2.0,
        "floor": 1.0,
        "power": 1.0,
        "background": 1.0,
        "resolved_target_count": 16.0,
        "target_share": None,
        "instance_aware": False,
        "n_samples": 56,
        "n_classes": 4,
        "n_without_class": 6,
        "n_undecided": 0,
        "known_share": None,
        "n_instances": None,
        "resampled_n_instances": None,
        "resampled_n_without_class": 6.0,
        "is_of_other_samples": False,
        "n_samples_learned_from": 56,
        "epoch_size_deviation": None,
        "epoch_size": 66,  # 36 + 4 * 2 + 10 * 1.6 + 6
        "growth": 66 / 56,
        "imbalance_ratio": 10.0,
        "resampled_imbalance_ratio": 5.5,  # 44 / 8
        "mean_imbalance": 5.0,
        "resampled_mean_imbalance": (1 + 5.5 + 44 / 16) / 3,
        "samples_per_multiplier": [
            {"multiplier": 1.0, "n_samples": 42},
            {"multiplier": 1.6, "n_samples": 10},
            {"multiplier": 2.0, "n_samples": 4},
        ],
    }
    assert rows[1] == {
        "class": "lynx",
        "count": 4,
        "count_learned_from": 4,
        "share": 4 / 56,
        "share_of_largest": 0.1,
        "multiplier": 2.0,
        "at_cap": True,
        "resampled_count": 8.0,
        "instances": None,
        "resampled_instances": None,
        "known": None,
        "known_share": None,
        "resampled_known": None,
        "samples_to_collect": 4,  # 16 / 8 = 2
        "target_count": None,
        "kept_away_by_cap": None,
        "added_by_co_occurrence": 0.0,
    }
    assert [row["class"] for row in rows] == NAMES
    assert [row["samples_to_collect"] for row in rows] == [0, 4, 0, 8]
    assert all(set(found) == {"code", "text", "classes"} for found in verdicts)


def test_json_holds_the_same_figures_and_no_infinity():
    plan = make_plan(cap=np.inf, floor=0.0, target_count=4)
    assert json.loads(plan.to_json()) == plan.to_dict()
    assert plan.to_dict()["cap"] is None
    left_out = make_plan(class_multipliers=[0.0, 1.0, 1.0, 1.0], floor=0.0)
    assert json.loads(left_out.to_json(indent=2)) == left_out.to_dict()
    lost = plan_resampling([[1, 0], [1, 0], [0, 1]], class_multipliers=[0.0, 1.0], floor=0.0)
    assert lost.to_dict()["imbalance_ratio"] == 2.0
    assert lost.to_dict()["resampled_imbalance_ratio"] is None
    assert "inf" in repr(lost)
    assert "inf" in lost._repr_html_()


def test_every_report_has_a_version_and_rows_and_the_same_words():
    plan = make_plan()
    evaluation = evaluate_by_frequency(Y, Y, plan=plan)
    reports = {
        "classes": [
            plan,
            measure_imbalance(Y, class_names=NAMES),
            evaluation,
            compare_evaluations(evaluation, evaluation),
            compute_loss_weights(plan),
        ],
        "plans": [compare_plans(Y, {"cap": [1, 2]})],
    }
    for table, of_table in reports.items():
        for report in of_table:
            figures = report.to_dict()
            assert figures["schema_version"] == 1
            assert figures[f"n_{table}"] == len(figures[table])
            assert all(isinstance(row, dict) for row in figures[table])
            assert report.to_frame().columns.tolist() == list(figures[table][0])
            assert not any(isinstance(value, dict) for value in figures.values())
    rows = [report.to_dict()["classes"] for report in reports["classes"]]
    assert all([row["class"] for row in classes] == NAMES for classes in rows)
    assert all([row["count"] for row in classes] == [40, 4, 10, 0] for classes in rows[:4])
    assert [row["share"] for row in rows[0]] == [row["share"] for row in rows[1]]
    (before, after), of_plan = reports["plans"][0].to_dict()["plans"], make_plan(cap=2).to_dict()
    assert before["resampled_mean_imbalance"] == of_plan["mean_imbalance"]
    assert after["resampled_mean_imbalance"] == of_plan["resampled_mean_imbalance"]
    assert after["growth"] == of_plan["growth"]


def test_class_names_of_any_type_come_through():
    names = [("a", 1), 2, "three", None]
    plan = plan_resampling(Y, class_names=names)
    assert [row["class"] for row in plan.to_dict()["classes"]] == names
    assert [row["class"] for row in json.loads(plan.to_json())["classes"]] == [
        ["a", 1],
        2,
        "three",
        None,
    ]


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_the_table_as_a_data_frame(backend):
    frame = make_plan().to_frame(backend)
    assert type(frame).__module__.startswith(backend)
    assert list(frame["class"]) == NAMES
    assert list(frame["count"]) == [40, 4, 10, 0]
    assert list(frame.columns) == list(make_plan().to_dict()["classes"][0])
    mixed = plan_resampling(Y, class_names=[1, "two", 3.0, None]).to_frame(backend)
    assert list(mixed["class"])[:3] == ["1", "two", "3.0"]
    user_supplied = make_plan(class_multipliers={"lynx": 3}).to_frame(backend)
    assert user_supplied["samples_to_collect"].count() == 0  # of values that are not missing


def test_samples_without_a_class_are_counted():
    for floor in (1.0, 0.5):
        for y in (Y, Y.astype(float), np.asfortranarray(Y), Y.tolist()):
            assert plan_resampling(y, floor=floor).n_without_class == 6
    assert plan_resampling(["cat"] * 3 + ["lynx"]).n_without_class == 0


def test_to_collect_at_the_limits_of_the_rule():
    assert make_plan(cap=np.inf).samples_to_collect.tolist() == [0, 0, 0, 1]
    assert make_plan(power=0).samples_to_collect.tolist() == [0, 0, 0, 0]
    assert make_plan(class_multipliers={"lynx": 3}).samples_to_collect is None


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(1, 500), min_size=2, max_size=6),
    target_count=st.integers(2, 600),
    cap=st.floats(1, 20),
    power=st.floats(0.2, 2),
)
def test_to_collect_is_the_fewest_with_which_the_cap_suffices(counts, target_count, cap, power):
    y = np.repeat(np.arange(len(counts)), counts)
    plan = plan_resampling(y, target_count=target_count, cap=cap, power=power)
    for n, k in zip(counts, plan.samples_to_collect, strict=True):
        assert (target_count / (n + k)) ** power <= cap * (1 + 1e-9)
        if k:
            assert (target_count / (n + k - 1)) ** power > cap * (1 - 1e-9)


# -- verdicts ----------------------------------------------------------------------------------


def test_balance_names_cost_and_effect():
    found = verdict(make_plan(cap=2, target_count=16), "balance")
    assert found["text"].startswith(
        "An epoch 1.18 times as long brings the mean imbalance from 5.0 to 3.1."
    )


def test_a_plan_that_changes_nothing_says_so():
    assert codes(make_plan(power=0))[0] == "unchanged"
    assert codes(make_plan(cap=1))[0] == "unchanged"


def test_nearly_uniform_multipliers_are_called_a_waste():
    rng = np.random.RandomState(0)
    y = np.zeros((2000, 300), dtype=np.uint8)
    for row in y:  # 100 of 300 classes per sample: each sample carries a rare class
        row[rng.permutation(300)[:100]] = 1
    y[:, 0] = 1
    plan = plan_resampling(y, target_count="max", cap=4)
    found = verdict(plan, "uniform")
    assert plan.to_dict()["growth"] > 2.9
    assert found["text"].startswith("100 % of the samples have a multiplier above 1: an epoch")
    assert found["text"].endswith(
        "Use loss weights instead, or a lower target count to save steps."
    )
    assert f"{plan.to_dict()['growth']:.2f} times as long" in found["text"]
    assert "balance" not in codes(plan)
    assert "uniform" not in codes(make_plan(cap=2, target_count=16))


def test_a_plan_that_costs_more_than_it_balances_is_no_balance():
    # An epoch of (170 + 46) / 120 = 1.8; mean imbalance from (1 + 5) / 2 to (1 + 170 / 46) / 2.
    y = ["cat"] * 100 + ["lynx"] * 20
    costly = plan_resampling(y, class_multipliers={"cat": 1.7, "lynx": 2.3})
    text = verdict(costly, "uniform")["text"]
    assert "an epoch is 1.80 times as long, and the mean imbalance goes from 3.0 to 2.3" in text
    assert "balance" not in codes(costly)
    # As long an epoch, but from 3 to (1 + 144 / 72) / 2 = 1.5, a half.
    worth_it = plan_resampling(y, class_multipliers={"cat": 1.44, "lynx": 3.6})
    assert worth_it.to_dict()["growth"] == pytest.approx(1.8)
    assert "balance" in codes(worth_it)


def test_a_plan_that_makes_it_worse_is_no_balance():
    y = ["cat"] * 100 + ["lynx"] * 10
    worse = plan_resampling(y, class_multipliers={"cat": 1.2})
    assert verdict(worse, "no_gain")["text"].startswith("The mean imbalance goes from 5.5 to 6.5")
    lost = plan_resampling(y, class_multipliers={"cat": 2, "lynx": 0}, floor=0)
    assert "to infinity. Use loss weights instead." in verdict(lost, "uniform")["text"]
    # From 19.8 to 5 is balance, though most samples take the same multiplier.
    y = np.zeros((1000, 81), dtype=np.uint8)
    y[:200, 0] = 1
    y[np.arange(200, 1000), 1 + np.arange(800) // 10] = 1
    assert "balance" in codes(plan_resampling(y, target_count="max"))


def test_common_classes_that_grow_more_than_rare_ones_are_named():
    # Every second cat has a lynx, which is raised to 2; the birds are raised by 1.25.
    y = np.zeros((500, 3), dtype=np.uint8)
    y[:300, 0] = y[:150, 1] = y[300:, 2] = 1
    plan = plan_resampling(y, class_names=["cat", "lynx", "bird"], target_count=250, cap=2)
    found = verdict(plan, "co_occurrence")
    assert found["classes"] == ["bird"]  # 1.25 against (150 * 5 / 3 + 150) / 300 = 1.33
    assert "'cat' (300), grows to 1.33 times its count because" in found["text"]
    assert "1 class is raised but grows less: 'bird' (200)." in found["text"]
    assert "co_occurrence" not in codes(make_plan())
    raised = plan_resampling(["a"] * 100 + ["b"] * 10, class_multipliers={"a": 4, "b": 1.5})
    assert "co_occurrence" not in codes(raised)


def test_classes_that_the_cap_holds_down_are_named():
    plan = make_plan(cap=2, target_count=16)
    found = verdict(plan, "cap_binds")
    assert found["classes"] == ["lynx"]
    assert "cap of 2, not the target count, limits 1 class: 'lynx' (4)." in found["text"]
    assert "a multiplier of 4.0" in found["text"]
    assert "cap_binds" not in codes(make_plan(cap=4, target_count=16))  # reached exactly
    assert "cap_binds" not in codes(make_plan(class_multipliers={"lynx": 4}))


def test_few_too_few_and_absent_classes_are_told_apart():
    plan = make_plan(cap=4, target_count=40)  # bird 10 * 4, lynx 4 * 4
    assert verdict(plan, "few")["classes"] == ["bird"]
    assert verdict(plan, "too_few")["classes"] == ["lynx"]
    assert "merge_classes" in verdict(plan, "too_few")["text"]
    assert verdict(plan, "absent")["classes"] == ["dodo"]
    assert verdict(plan, "few")["text"].startswith("1 more class has fewer than 20 samples")
    y = np.zeros((200, 3), dtype=np.uint8)
    y[:, 0] = y[:12, 1] = y[:10, 2] = 1  # the class of ten raises that of twelve beyond 20
    assert "too_few" not in codes(plan_resampling(y, target_count=12, power=5))
    enough = plan_resampling(np.repeat([0, 1], [100, 20]), cap=4)
    assert codes(enough) == ["balance"]


@pytest.mark.parametrize(
    "options",
    [
        {"power": 1e-3},
        {"power": 500},
        {"target_count": 1e300, "power": 1e-3},
        {"target_count": 10**15},
    ],
)
def test_extreme_parameters_are_told_of_as_others(options):
    plan = make_plan(**options)
    assert json.loads(plan.to_json()) == plan.to_dict()
    assert len(repr(plan)) < 2500


@pytest.mark.speed
def test_reports_of_many_classes_take_linear_time():
    plan = plan_resampling(
        np.repeat(np.arange(20_000), 2 + 8 * (np.arange(20_000) % 2)), target_count=40
    )
    start = time.process_time()
    plan.to_dict()
    assert time.process_time() - start < 3


def test_long_lists_of_classes_are_cut_in_the_text_alone():
    y = np.repeat(np.arange(12), [100] + [3] * 11)
    found = verdict(plan_resampling(y, target_count=100), "too_few")
    assert len(found["classes"]) == 11
    assert "and 6 more" in found["text"]


# -- text and HTML -----------------------------------------------------------------------------


def table_of(text):
    lines = text.splitlines()
    first, last = (i for i, line in enumerate(lines) if set(line) == {"-"})
    return lines[first + 1 : last]


def test_the_text_names_the_figures_and_ends_with_the_verdicts():
    text = repr(make_plan(cap=2, target_count=16))
    assert "epoch size                 56        66  (1.179x)" in text
    assert "without a class             6         6" in text
    assert "once 42 (75.0 %), more often 14 (25.0 %), at the cap 4 (7.1 %)" in text
    table = table_of(text)
    assert table[0].split() == [
        *("class", "count", "of", "samples", "of", "largest"),
        *("multiplier", "epoch", "quota", "to", "collect"),
    ]
    assert table[2].split() == [
        *("lynx", "4", "7.14", "%", "10.00", "%", "2.000", "8.0", "4", "at", "the", "cap")
    ]
    assert text.splitlines()[-1].startswith("- 1 class never occurs: 'dodo' (0).")


def test_the_text_tells_the_rule():
    text = repr(make_plan(target_count=1234567.891, floor=0.5, power=0.5))
    assert "cap 4, floor 0.5, target count 1,234,567.89, power 0.5" in text
    assert "cap 4, user-supplied multipliers" in repr(make_plan(class_multipliers={"lynx": 2}))
    assert "no cap, " in repr(make_plan(cap=np.inf))


def test_long_tables_lose_their_middle_in_the_text():
    plan = plan_resampling(np.repeat(np.arange(31), np.arange(1, 32)))
    assert len(table_of(repr(plan))) == 1 + 31
    plan = plan_resampling(np.repeat(np.arange(100), np.arange(1, 101)))
    table = table_of(repr(plan))
    assert len(table) == 1 + 30 + 1
    assert table[21] == "... 70 more classes ..."


class _Cells(HTMLParser):
    """Rows of a table, as lists of text; every tag is closed."""

    VOID = {"meta"}

    def __init__(self):
        super().__init__()
        self.rows, self.open = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def parsed(html):
    parser = _Cells()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser.rows


def test_the_html_table_holds_the_figures():
    rows = parsed(make_plan(cap=2, target_count=16)._repr_html_())
    assert [row[0] for row in rows] == ["class", "dodo", "lynx", "bird", "cat"]
    assert rows[2][1:7] == ["4", "7.14 %", "10.00 %", "2.000 (cap)", "8.0", "4"]


def test_names_are_escaped_in_html():
    names = ["<script>alert(1)</script>", 'a"b', "x & y", "z"]
    html = plan_resampling(Y, class_names=names)._repr_html_()
    assert "<script>" not in html
    assert {row[0] for row in parsed(html)} >= set(names)


def test_a_notebook_is_not_flooded_by_thousands_of_classes():
    plan = plan_resampling(np.repeat(np.arange(5000), 2))
    rows = parsed(plan._repr_html_())
    assert len(rows) == 1 + 150 + 1
    assert "4,850 more classes" in rows[101][0]


def test_what_a_verdict_asks_to_collect_does_not_contradict_the_table():
    plan = make_plan(target_count=100, cap=6)  # lynx: 13 more are needed for the cap to suffice
    (row,) = (row for row in plan.to_dict()["classes"] if row["class"] == "lynx")
    assert row["samples_to_collect"] == 13
    text = verdict(plan, "few")["text"]
    assert text.endswith("collect more samples.")


def test_a_printed_table_is_in_no_box():
    assert "@media print" in make_plan()._repr_html_()
    assert "body .mlresample .scroll { max-height: none; }" in page("A plan", [])


def test_a_printed_page_keeps_pictures_whole_and_shows_its_glossary():
    printed = page("A plan", []).partition("@media print")[2].partition("</style>")[0]
    assert "figure { break-inside: avoid; }" in printed
    assert "::details-content { content-visibility: visible; }" in printed


def test_numbers_of_things_are_written_in_the_singular_and_the_plural():
    assert [count_of(n, "class") for n in (0, 1, 1000)] == [
        "0 classes",
        "1 class",
        "1,000 classes",
    ]
    assert [count_of(n, "copy") for n in (1, 2)] == ["1 copy", "2 copies"]
    assert [count_of(n, "id is", "ids are") for n in (1, 2)] == ["1 id is", "2 ids are"]
