"""Plots show the right numbers, and nothing on them overlaps or is cut off."""

import io
import subprocess
import sys
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from mlresample import compare_plans, plan_resampling
from mlresample.datasets import make_multilabel_digits

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb

from mlresample.plots import ClassCountsDisplay, CoOccurrenceDisplay, PlanComparisonDisplay

_, DIGITS, DIGIT_NAMES = make_multilabel_digits(600, random_state=0)
LONG_NAME = "centre that organises microtubules, number {}"


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def long_tail(n_classes, n_samples=500):
    """Make a target of one or two classes per sample; counts fall as 1 / rank."""
    generator = np.random.RandomState(0)
    share = 1 / np.arange(1, n_classes + 1)
    columns = generator.choice(n_classes, size=(n_samples, 2), p=share / share.sum())
    rows = np.repeat(np.arange(n_samples), 2)
    y = sp.coo_array((np.ones(2 * n_samples), (rows, columns.ravel())), (n_samples, n_classes))
    y = y.tocsr()
    y.data[:] = 1
    return y


def draw(display):
    display.ax_.figure.canvas.figure.draw_without_rendering()
    return display


def names_on(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def shown(texts):
    return [text for text in texts if text.get_visible() and text.get_text()]


def assert_none_overlap(texts):
    boxes = [text.get_window_extent() for text in shown(texts)]
    for first, second in combinations(boxes, 2):
        assert not first.overlaps(second)


def assert_none_cut_off(display, texts):
    frame = display.figure_.bbox.padded(1)
    for text in shown(texts):
        box = text.get_window_extent()
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
        assert frame.y0 <= box.y0
        assert box.y1 <= frame.y1


def axis_texts(display):
    """Labels of both axes, and of their ticks inside the limits."""
    texts = []
    for axis in (display.ax_.xaxis, display.ax_.yaxis):
        low, high = sorted(axis.get_view_interval())
        ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
        texts += [axis.label, *(label for place, label in ticks if low <= place <= high)]
    return texts


# -- all of them -------------------------------------------------------------------------------

MAKERS = {
    "counts": lambda ax: ClassCountsDisplay.from_plan(
        plan_resampling(DIGITS, class_names=DIGIT_NAMES), ax=ax
    ),
    "ranks": lambda ax: ClassCountsDisplay.from_plan(plan_resampling(long_tail(300)), ax=ax),
    "comparison": lambda ax: PlanComparisonDisplay.from_target(
        DIGITS, {"cap": [1, 2, 4, 8], "power": [0.5, 1]}, ax=ax
    ),
    "co-occurrence": lambda ax: CoOccurrenceDisplay.from_target(
        DIGITS, class_names=DIGIT_NAMES, ax=ax
    ),
}
EVERY_DISPLAY = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@EVERY_DISPLAY
def test_axes_that_are_given_are_drawn_on_and_no_figure_is_made(make):
    figure, (_, ax) = plt.subplots(1, 2)
    before = plt.get_fignums()
    display = make(ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert plt.get_fignums() == before


@EVERY_DISPLAY
def test_axes_of_a_subfigure_are_drawn_on(make):
    subfigure = plt.figure(layout="constrained").subfigures(1, 2)[0]
    assert make(subfigure.subplots()).figure_ is subfigure


@EVERY_DISPLAY
def test_one_figure_is_made_without_axes_and_cuts_nothing_off(make):
    display = draw(make(None))
    assert plt.get_fignums() == [display.figure_.number]
    assert_none_cut_off(display, axis_texts(display))


@EVERY_DISPLAY
def test_settings_of_matplotlib_stay_as_they_are(make):
    before = mpl.rcParams.copy()
    make(None)
    assert mpl.rcParams == before


@EVERY_DISPLAY
def test_text_on_the_axes_follows_a_dark_style(make):
    with plt.style.context("dark_background"):
        display = draw(make(None))
    for text in axis_texts(display):
        assert to_rgb(text.get_color()) == (1, 1, 1)


@EVERY_DISPLAY
def test_writing_svg_works(make):
    file = io.StringIO()
    make(None).figure_.savefig(file, format="svg")
    assert "<svg" in file.getvalue()


@EVERY_DISPLAY
def test_something_else_than_axes_is_an_error(make):
    with pytest.raises(ValueError, match=r"'ax' parameter"):
        make(plt.figure())


@EVERY_DISPLAY
@pytest.mark.parametrize("size", [(4, 3), (12, 9)])
def test_text_does_not_overlap_on_small_and_large_axes(make, size):
    _, ax = plt.subplots(figsize=size, layout="constrained")
    display = draw(make(ax))
    assert_none_overlap(axis_texts(display))
    assert_none_cut_off(display, axis_texts(display))


def test_text_does_not_overlap_in_a_grid_of_plots():
    figure, axes = plt.subplots(2, 2, figsize=(10, 8), layout="constrained")
    displays = [make(ax) for make, ax in zip(MAKERS.values(), axes.flat, strict=True)]
    figure.draw_without_rendering()
    for display in displays:
        assert_none_overlap(axis_texts(display))
        assert_none_overlap(getattr(display, "annotations_", []))


def test_missing_matplotlib_is_an_error_that_names_the_extra():
    code = "import sys; sys.modules['matplotlib'] = None; import mlresample.plots"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'pip install "mlresample[plot]"' in result.stderr.splitlines()[-1]


# -- class counts ------------------------------------------------------------------------------


def test_points_are_the_counts_of_the_plan_from_rare_to_common():
    plan = plan_resampling(DIGITS, class_names=DIGIT_NAMES)
    display = ClassCountsDisplay.from_plan(plan)
    before, after = display.points_
    order = np.argsort(plan.class_counts, kind="stable")
    assert_array_equal(before.get_xdata(), plan.class_counts[order])
    assert_allclose(after.get_xdata(), plan.resampled_class_counts[order])
    table = [line.split()[0] for line in repr(plan).splitlines()[9:19]]
    assert names_on(display.ax_.yaxis) == table  # the report has the same order
    assert names_on(display.ax_.yaxis) == [DIGIT_NAMES[c] for c in order]
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.yaxis_inverted()  # the rarest is at the top
    assert display.steps_ is None


def test_classes_at_the_cap_are_marked_and_the_target_count_is_a_line():
    y = [[1, 0, 0, 0]] * 12 + [[1, 1, 0, 0]] * 6 + [[1, 0, 1, 0]] * 2 + [[1, 0, 0, 1]]
    display = ClassCountsDisplay.from_plan(plan_resampling(y, cap=2))
    assert display.target_line_.get_xdata() == [4, 4]  # the median of 21, 6, 2 and 1
    (path,) = display.cap_area_.get_paths()
    assert path.get_extents().intervaly.tolist() == [0.5, 2.5]  # the first and the second row
    labels = [text.get_text() for text in display.legend_.get_texts()]
    assert labels == ["before resampling", "after", "target count 4", "at the cap of 2"]


def test_marked_classes_need_not_be_neighbors():
    y = [[1, 0, 0]] * 4 + [[0, 1, 0]] * 3 + [[0, 0, 1]] * 2
    plan = plan_resampling(y, class_multipliers=[4, 1, 4])
    display = ClassCountsDisplay.from_plan(plan)
    spans = [path.get_extents().intervaly.tolist() for path in display.cap_area_.get_paths()]
    assert spans == [[0.5, 1.5], [2.5, 3.5]]
    assert display.target_line_ is None


def test_nothing_is_marked_without_a_cap_or_without_a_plan():
    plan = plan_resampling(DIGITS, cap=np.inf)
    assert ClassCountsDisplay.from_plan(plan).cap_area_ is None
    display = ClassCountsDisplay.from_target(DIGITS, class_names=DIGIT_NAMES)
    assert display.cap_area_ is None
    assert display.target_line_ is None
    (before,) = display.points_
    assert_array_equal(before.get_xdata(), sorted(DIGITS.sum(axis=0)))


@pytest.mark.parametrize("n_classes", [2, 10, 28, 40])
def test_names_are_written_without_overlap_and_the_figure_grows(n_classes):
    names = [LONG_NAME.format(c) for c in range(n_classes)]
    plan = plan_resampling(long_tail(n_classes), class_names=names)
    display = draw(ClassCountsDisplay.from_plan(plan))
    labels = display.ax_.get_yticklabels()
    assert len(labels) == n_classes
    assert all("…" in label.get_text() for label in labels)
    assert len({label.get_text() for label in labels}) == n_classes  # still different
    assert_none_overlap(axis_texts(display))
    assert_none_cut_off(display, axis_texts(display))
    assert display.figure_.get_figheight() >= n_classes * 0.18


@pytest.mark.parametrize("n_classes", [41, 374, 8000])
def test_many_classes_are_drawn_by_rank(n_classes):
    plan = plan_resampling(long_tail(n_classes, 5000))
    display = draw(ClassCountsDisplay.from_plan(plan))
    assert display.points_ is None
    before, after = (step.get_data() for step in display.steps_)
    edges = before.edges
    n_occurring = np.count_nonzero(plan.class_counts)
    assert_array_equal(edges[[0, -1]], [0.5, n_occurring + 0.5])
    each = np.repeat(before.values, np.diff(edges).astype(int))
    assert_array_equal(each, np.sort(plan.class_counts)[-n_occurring:])
    # A step is the mean of its classes, so that the area is the sum of the counts.
    assert_allclose(after.values @ np.diff(edges), plan.resampled_class_counts.sum())
    assert display.ax_.get_yscale() == "log"
    assert_none_overlap(axis_texts(display))
    assert_none_cut_off(display, axis_texts(display))


def test_names_are_written_where_given_axes_have_room():
    for size, has_room in [((4, 3), False), ((6, 16), True)]:
        _, ax = plt.subplots(figsize=size, layout="constrained")
        display = draw(ClassCountsDisplay.from_target(long_tail(80, 2000), ax=ax))
        assert (display.points_ is not None) == has_room
        assert_none_overlap(axis_texts(display))


def test_absent_classes_are_said_to_be_absent():
    y = [[1, 0, 0], [1, 1, 0], [1, 0, 0]]
    display = ClassCountsDisplay.from_plan(plan_resampling(y, class_names=["a", "b", "gone"]))
    assert names_on(display.ax_.yaxis) == ["gone", "b", "a"]
    (text,) = display.ax_.texts
    assert text.get_text() == "no samples"
    assert text.xy[1] == 1  # the first row
    wide = sp.hstack([long_tail(60), sp.csr_array((500, 3))]).tocsr()
    display = ClassCountsDisplay.from_target(wide)
    n_absent = np.count_nonzero(wide.sum(axis=0) == 0)
    assert f"({n_absent} without samples left out)" in display.ax_.get_xlabel()


def test_classes_that_resampling_leaves_out_are_drawn():
    y = [[1, 0]] * 6 + [[0, 1]] * 3
    plan = plan_resampling(y, class_multipliers=[0, 1], floor=0)
    before, after = draw(ClassCountsDisplay.from_plan(plan)).points_
    assert before.get_xdata().tolist() == [3, 6]
    assert after.get_xdata().tolist() == [3, 0]


@pytest.mark.parametrize("name", ["$x^2$", "US$", "a_b", "naïve café", r"\alpha$$", "two\nlines"])
def test_names_are_written_as_they_are(name):
    display = draw(ClassCountsDisplay.from_target([[1, 0], [1, 1]], class_names=["plain", name]))
    label = display.ax_.get_yticklabels()[0]
    text, is_mathematics = label._preprocess_math(label.get_text())
    assert text == name.replace("\n", " ")
    assert not is_mathematics


def test_counts_need_a_plan():
    with pytest.raises(ValueError, match=r"'plan' parameter .* must be an instance of"):
        ClassCountsDisplay.from_plan(DIGITS)
    with pytest.raises(ValueError, match="No class occurs"):
        ClassCountsDisplay.from_target([[0, 0], [0, 0]])


# -- comparison --------------------------------------------------------------------------------

SMALL = [[1, 0, 0]] * 12 + [[1, 1, 0]] * 6 + [[1, 0, 1]] * 1


def texts_of(display):
    return sorted(text.get_text() for text in shown(display.annotations_))


@pytest.mark.parametrize("measure", ["mean_imbalance", "imbalance_ratio"])
def test_points_are_growth_and_imbalance_in_the_order_of_the_parameter(measure):
    comparison = compare_plans(SMALL, {"cap": [4, 1, 2]})
    display = PlanComparisonDisplay.from_comparison(comparison, measure=measure)
    (line,) = display.lines_
    assert_allclose(line.get_xdata(), comparison.growth[[1, 2, 0]])
    assert_allclose(line.get_ydata(), getattr(comparison, f"resampled_{measure}")[[1, 2, 0]])
    assert texts_of(display) == ["cap 1", "cap 2", "cap 4"]
    assert display.ax_.get_legend() is None


def test_points_in_one_place_share_a_label():
    display = PlanComparisonDisplay.from_target(SMALL, {"cap": [1, 2, 6, 8]})
    assert texts_of(display) == ["cap 1", "cap 2", "cap 6, 8"]
    display = PlanComparisonDisplay.from_target(SMALL, {"cap": [1, 6, 7, 8, np.inf]})
    assert texts_of(display) == ["cap 1", "cap 6 to inf"]


def test_a_grid_of_two_parameters_has_a_line_for_each_value_of_one():
    grid = {"cap": [1, 2, 4, 8], "power": [0.5, 1]}
    comparison = compare_plans(DIGITS, grid)
    display = PlanComparisonDisplay.from_comparison(comparison)
    assert [line.get_label() for line in display.lines_] == ["power 0.5", "power 1"]
    for line, power in zip(display.lines_, [0.5, 1], strict=True):
        of_power = [parameters["power"] == power for parameters in comparison.parameters]
        assert_allclose(line.get_xdata(), comparison.growth[of_power])
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["power 0.5", "power 1"]
    assert texts_of(display).count("cap 1") == 1  # the same point for both powers


def test_words_make_lines_and_are_not_joined():
    grid = {"cap": [1, 2], "target_count": ["median", "mean", "max"]}
    display = PlanComparisonDisplay.from_target(DIGITS, grid)
    assert [line.get_label() for line in display.lines_] == [
        "target_count median",
        "target_count mean",
        "target_count max",
    ]
    (line,) = PlanComparisonDisplay.from_target(DIGITS, {"target_count": ["max", 0.1]}).lines_
    assert line.get_linestyle() == "None"


def test_of_many_lines_only_the_best_plans_are_joined():
    grid = {"cap": [2, 3, 4], "power": [0.5, 0.7, 1], "target_count": ["median", "mean", 50]}
    comparison = compare_plans(DIGITS, grid)
    display = PlanComparisonDisplay.from_comparison(comparison)
    (best,) = display.lines_
    for growth, imbalance in best.get_xydata():
        better = (comparison.growth < growth) & (comparison.resampled_mean_imbalance < imbalance)
        assert not better.any()
    assert (np.diff(best.get_ydata()) < 0).all()
    everywhere = display.ax_.lines[0]
    assert_allclose(everywhere.get_xdata(), comparison.growth)


GRIDS = [
    {"cap": np.arange(1, 10, 0.25).tolist()},
    {"cap": [1, 1.5, 2, 3, 4, 8, np.inf], "target_count": ["median", "mean", "max"]},
    {"epoch_size": [0.5, 1.0, 1.5], "floor": [0.1, 0.5], "cap": [8]},
    {"cap": [4]},
    {},
]


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize("size", [(4, 3), (6.4, 4.4)])
def test_labels_do_not_overlap_each_other_the_legend_or_the_lines(grid, size):
    _, ax = plt.subplots(figsize=size, layout="constrained")
    display = draw(PlanComparisonDisplay.from_target(long_tail(20), grid, ax=ax))
    texts = shown(display.annotations_)
    assert_none_overlap(texts)
    assert_none_overlap(axis_texts(display))
    for text in texts:
        box = text.get_window_extent()
        if ax.get_legend():
            assert not box.overlaps(ax.get_legend().get_window_extent())
        for line in ax.lines:
            on_screen = line.get_path().transformed(line.get_transform())
            assert not on_screen.intersects_bbox(box, filled=False)


def test_labels_find_their_places_anew_when_the_figure_shrinks():
    display = PlanComparisonDisplay.from_target(DIGITS, {"cap": np.arange(1, 5, 0.25).tolist()})
    n_shown = len(shown(draw(display).annotations_))
    display.figure_.set_size_inches(3, 2)
    draw(display)
    assert 0 < len(shown(display.annotations_)) < n_shown
    assert_none_overlap(display.annotations_)


@pytest.mark.parametrize("infinite", [[0], [0, 1, 2]], ids=["some", "all"])
def test_infinite_imbalance_is_marked_at_the_top(infinite):
    comparison = compare_plans(SMALL, {"cap": [1, 2, 4]})
    imbalance = comparison.resampled_mean_imbalance.copy()
    imbalance[infinite] = np.inf
    display = draw(
        PlanComparisonDisplay.from_comparison(
            replace(comparison, resampled_mean_imbalance=imbalance)
        )
    )
    marked = display.ax_.lines[-1]
    assert marked.get_label() == "infinite: a class is left out"
    assert_allclose(marked.get_xdata(), comparison.growth[infinite])
    assert np.isnan(display.lines_[0].get_ydata()[infinite]).all()
    assert "cap 1" in texts_of(display)


def test_an_imbalance_of_hundreds_is_on_a_logarithmic_scale():
    grid = {"cap": [1, 4, 100]}
    for y, scale in [(SMALL, "linear"), ([[1, 0]] * 500 + [[0, 1]], "log")]:
        display = PlanComparisonDisplay.from_target(y, grid, measure="imbalance_ratio")
        assert display.ax_.get_yscale() == scale


def test_comparison_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match=r"'comparison' parameter .* must be an instance of"):
        PlanComparisonDisplay.from_comparison(plan_resampling(DIGITS))
    with pytest.raises(ValueError, match=r"'measure' parameter .*'imbalance_ratio'"):
        PlanComparisonDisplay.from_target(DIGITS, {"cap": [1]}, measure="growth")
    with pytest.raises(ValueError, match="param_grid names 'caps'"):
        PlanComparisonDisplay.from_target(DIGITS, {"caps": [1]})


# -- co-occurrence -----------------------------------------------------------------------------

MET = [[1, 0, 0, 0]] * 3 + [[1, 1, 0, 0]] * 2 + [[1, 1, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]]


@pytest.mark.parametrize(
    "make", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array, sp.coo_array]
)
def test_shares_are_those_worked_out_by_hand(make):
    display = CoOccurrenceDisplay.from_target(make(MET), class_names=["cat", "dog", "lynx", "owl"])
    assert display.rare_classes.tolist() == ["lynx", "owl"]
    assert display.common_classes.tolist() == ["cat", "dog"]
    assert display.rare_counts.tolist() == [1, 2]
    assert_array_equal(display.shares, [[0, 1], [0.5, 1]])
    assert names_on(display.ax_.yaxis) == ["lynx (1)", "owl (2)"]
    assert names_on(display.ax_.xaxis) == ["cat", "dog"]
    assert [text.get_text() for text in display.texts_] == ["0.00", "1.00", "0.50", "1.00"]
    assert_array_equal(display.image_.get_array(), display.shares)
    assert display.image_.get_clim() == (0, 1)


def test_single_label_targets_have_no_classes_that_meet():
    display = CoOccurrenceDisplay.from_target(["a"] * 3 + ["b"] * 2 + ["c"])
    assert_array_equal(display.shares, np.zeros((1, 2)))


def test_the_scale_of_a_small_heat_map_is_named_in_full():
    display = draw(CoOccurrenceDisplay.from_target([[1, 0]] * 5 + [[1, 1]] * 2))
    assert_none_cut_off(display, [display.colorbar_.ax.yaxis.label])


def test_classes_that_do_not_occur_are_left_out():
    y = np.column_stack([MET, np.zeros(8)])
    display = CoOccurrenceDisplay.from_target(y, n_rare=10, n_common=10)
    assert display.shares.shape == (2, 2)
    with pytest.raises(ValueError, match="Only one class occurs"):
        CoOccurrenceDisplay.from_target(np.eye(4)[:, :1] * [1, 0])
    with pytest.raises(ValueError, match="No class occurs"):
        CoOccurrenceDisplay.from_target(np.zeros((4, 3)))


def test_numbers_can_be_read_on_the_color_of_their_cell():
    for text in CoOccurrenceDisplay.from_target(MET).texts_:
        is_dark = float(text.get_text()) > 0.6
        assert text.get_color() == ("#ffffff" if is_dark else "#222222")


def test_numbers_are_as_large_as_their_cells_allow_and_left_out_if_there_is_no_room():
    display = draw(CoOccurrenceDisplay.from_target(DIGITS))

    def writes_numbers():
        file = io.StringIO()
        with plt.rc_context({"svg.fonttype": "none"}):
            display.figure_.savefig(file, format="svg")
        return display.texts_[1].get_text() in file.getvalue()

    assert writes_numbers()
    for size in [(9, 7), (5, 4)]:
        display.figure_.set_size_inches(size)
        draw(display)
        assert_none_overlap(display.texts_)
    display.figure_.set_size_inches(2.5, 2.5)
    assert not writes_numbers()


@pytest.mark.parametrize(("n_rare", "n_common"), [(3, 10), (20, 20), (40, 40)])
@pytest.mark.parametrize("size", [None, (4, 3)])
def test_long_names_do_not_overlap_and_are_not_cut_off(n_rare, n_common, size):
    names = [LONG_NAME.format(c) for c in range(60)]
    ax = plt.subplots(figsize=size, layout="constrained")[1] if size else None
    display = draw(
        CoOccurrenceDisplay.from_target(
            long_tail(60), class_names=names, n_rare=n_rare, n_common=n_common, ax=ax
        )
    )
    assert bool(display.texts_) == (n_rare * n_common <= 225)
    assert_none_overlap(axis_texts(display))
    assert_none_cut_off(display, axis_texts(display))


@pytest.mark.parametrize("name", ["n_rare", "n_common"])
def test_at_least_one_class_is_shown(name):
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        CoOccurrenceDisplay.from_target(DIGITS, **{name: 0})


# -- unknown entries ---------------------------------------------------------------------------

UNKNOWN = np.random.RandomState(0).choice([-1, 0, 1], (60, 6), p=[0.2, 0.5, 0.3])
IS_UNKNOWN = UNKNOWN == -1
MARKED = {
    "value": (UNKNOWN, -1),
    "mask": (np.maximum(UNKNOWN, 0), IS_UNKNOWN),
    "sparse": (sp.csr_array(UNKNOWN), -1),
    "columns": (sp.csc_array(np.maximum(UNKNOWN, 0)), sp.csr_array(IS_UNKNOWN)),
}


@pytest.mark.parametrize("marked", MARKED)
def test_unknown_entries_are_not_counted(marked):
    y, unknown = MARKED[marked]
    display = ClassCountsDisplay.from_target(y, unknown=unknown)
    assert_array_equal(display.class_counts, (UNKNOWN == 1).sum(axis=0))


@pytest.mark.parametrize("marked", MARKED)
def test_shares_are_of_samples_of_which_it_is_known_whether_they_carry_the_common_class(marked):
    y, unknown = MARKED[marked]
    display = CoOccurrenceDisplay.from_target(y, unknown=unknown)
    for row, rare in zip(display.shares, display.rare_classes, strict=True):
        for share, common in zip(row, display.common_classes, strict=True):
            known = UNKNOWN[(UNKNOWN[:, rare] == 1) & ~IS_UNKNOWN[:, common], common]
            assert share == pytest.approx(np.mean(known))


def test_a_share_of_which_nothing_is_known_is_left_blank():
    y = [[1, 0, 0], [1, 1, 0], [1, 1, 0], [-1, 1, 1]]
    display = draw(CoOccurrenceDisplay.from_target(y, unknown=-1))
    assert display.common_classes.tolist() == [1, 0]
    assert_array_equal(display.shares, [[1, np.nan]])
    assert [text.get_text() for text in display.texts_] == ["1.00", ""]


def test_plans_of_a_target_with_unknown_entries_are_compared():
    display = PlanComparisonDisplay.from_target(UNKNOWN, {"cap": [1, 2, 4]}, unknown=-1)
    expected = compare_plans(UNKNOWN, {"cap": [1, 2, 4]}, unknown=-1)
    assert display.comparison.to_dict() == expected.to_dict()
    plan = plan_resampling(UNKNOWN, cap=2, unknown=-1)
    assert display.comparison.growth[1] == pytest.approx(plan.expected_epoch_size / 60)


@pytest.mark.parametrize("make", [ClassCountsDisplay.from_target, CoOccurrenceDisplay.from_target])
def test_a_target_without_known_positives_is_an_error(make):
    with pytest.raises(ValueError, match="No class occurs in the known part of y"):
        make([[-1, 0], [0, -1]], unknown=-1)
