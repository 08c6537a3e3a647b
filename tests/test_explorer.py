"""The explorer's page: its figures, computed in a browser, are those of plan_resampling."""

import html
import json
import re
import shlex
import shutil
import subprocess

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from mlresample import explore_plans, plan_resampling
from mlresample._cli import main
from mlresample._reporting.base import finite

GENERATOR = np.random.default_rng(0)
SHARES = np.array([0.9, 0.5, 0.3, 0.2, 0.1, 0.05, 0.04, 0.03, 0.02, 0.01, 0.0])
NAMES = [f"class {c}" for c in range(len(SHARES))]


def draw_target(n_samples, shares):
    y = (GENERATOR.random((n_samples, len(shares))) < shares).astype(np.int64)
    y[0] = shares > 0
    y[1] = 0
    return y


LONG_TAIL = draw_target(3000, 0.6 / np.arange(1, 61) ** 1.3)
TARGETS = [
    (draw_target(400, SHARES), {}),
    (np.eye(5, dtype=int)[[0] * 70 + [1] * 20 + [2] * 7 + [3] * 7], {}),  # ties, an empty class
    (LONG_TAIL, {}),
    (sp.csr_array(LONG_TAIL[:, ::-1]), {}),
    (
        draw_target(300, SHARES) * GENERATOR.integers(1, 9, (300, 1)),
        {"instances": True, "instance_aware": True},
    ),
    (
        np.where(GENERATOR.random((400, len(SHARES))) < 0.2, -1, draw_target(400, SHARES)),
        {"unknown": -1},
    ),
]

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def run_in_browser(page, script, folder):
    """Run a script at the end of a page, and return what it puts into the variable `found`."""
    script = f'<script>let found; {script}; document.body.innerHTML = "";'
    script += "document.body.textContent = `FOUND${JSON.stringify(found)}END`;</script>"
    path = folder / "page.html"
    path.write_text(page.replace("</body>", f"{script}</body>"), encoding="utf-8")
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    profile = f"--user-data-dir={folder / 'profile'}"
    result = subprocess.run(
        [*command, profile, path.as_uri()], capture_output=True, encoding="utf-8", timeout=60
    )
    found = re.search("FOUND(.*)END", html.unescape(result.stdout), flags=re.DOTALL)
    assert found, result.stderr
    return json.loads(found[1])


def written_in(page):
    return json.loads(re.search('id="data">(.*?)</script>', page, flags=re.DOTALL)[1])


# -- figures ------------------------------------------------------------------------------------


def draw_settings(y, options):
    """Draw parameters over their whole range; now and then, some that no plan can have."""
    cap = GENERATOR.choice([1.0, 4.0, np.inf, GENERATOR.uniform(1, 20)])
    power = GENERATOR.choice([0.0, 0.5, 1.0, 2.0, GENERATOR.uniform(0.1, 3)])
    floor = GENERATOR.choice([0.0, 0.25, 1.0, GENERATOR.uniform()])
    background = GENERATOR.choice([0.0, 0.5, 1.0, GENERATOR.uniform(0, 6)])
    numbers = {
        "median": None,
        "mean": None,
        "max": None,
        "count": int(GENERATOR.integers(2, 500)),
        "share": GENERATOR.uniform(0.001, 1),
        "times": GENERATOR.uniform(0.5, 3),
        "samples": int(y.shape[0] * GENERATOR.uniform(0.5, 3)),
    }
    kind = str(GENERATOR.choice(list(numbers)))
    target = {"kind": kind, "value": numbers[kind]}
    rule = {"cap": cap, "power": power, "floor": floor, "background": background}
    name = "epoch_size" if kind in ("times", "samples") else "target_count"
    asked = kind if target["value"] is None else target["value"]
    return finite(rule) | {"target": target}, rule | {name: asked} | options


def figures_of(y, parameters):
    try:
        plan = plan_resampling(y, **parameters)
    except ValueError:
        return None
    if isinstance(plan.resolved_target_count, np.ndarray):
        return None  # a share of what is known of each class, which the page refuses
    seen = plan.sample_multipliers
    to_collect = plan.samples_to_collect
    return {
        "targetCount": plan.resolved_target_count,
        "classMultipliers": plan.class_multipliers,
        "resampledCounts": plan.resampled_class_counts,
        "samplesToCollect": None if to_collect is None else to_collect,
        "atCap": plan.at_cap,
        "epochSize": plan.epoch_size,
        "growth": plan.expected_epoch_size / plan.n_samples,
        "imbalanceRatio": finite(plan.resampled_imbalance_ratio),
        "meanImbalance": finite(plan.resampled_mean_imbalance),
        "nLessThanOnce": (seen < 1).sum(),
        "nMoreThanOnce": (seen > 1).sum(),
        "nAtCap": ((seen > 1) & (seen >= plan.cap)).sum(),
    }


def in_page_order(plan_figures, names):
    order = [int(name) for name in names]
    return {
        name: value[order] if isinstance(value, np.ndarray) else value
        for name, value in plan_figures.items()
    }


@needs_chromium
def test_figures_of_500_settings_are_those_of_plan_resampling(tmp_path):
    pages, settings, expected = [], [], []
    for y, options in TARGETS:
        page = explore_plans(y, **options).html
        written = written_in(page)
        drawn = [draw_settings(y, options) for _ in range(84)]
        pages.append(page)
        settings.append({"data": written, "rules": [rule for rule, _ in drawn]})
        for _, parameters in drawn:
            figures = figures_of(y, parameters)
            expected.append(figures and in_page_order(figures, written["names"]))
    found = run_in_browser(
        pages[0],
        f"""
        found = {json.dumps(settings)}.flatMap(({{data, rules}}) => rules.map((rule) => {{
          try {{
            const figures = planFigures(readTable(data), {{...rule, cap: rule.cap ?? Infinity}});
            const plain = (value) => ArrayBuffer.isView(value) ? [...value] : value;
            const pairs = Object.entries(figures).map(([name, value]) => [name, plain(value)]);
            return Object.fromEntries(pairs);
          }} catch (error) {{
            if (!(error instanceof RangeError)) throw error;
            return null;
          }}
        }}))""",
        tmp_path,
    )
    assert len(found) == 504
    assert expected.count(None) < 200
    for of_page, of_plan in zip(found, expected, strict=True):
        assert (of_page is None) == (of_plan is None)
        for name, value in (of_plan or {}).items():
            exact = value is None or np.asarray(value).dtype.kind in "bi"
            compare = assert_array_equal if exact else assert_allclose
            compare(of_page[name], value, **({} if exact else {"rtol": 1e-9}))


# -- the page -----------------------------------------------------------------------------------

SET = """
const set = (id, value) => {
  const part = document.getElementById(id);
  if (part.type === "checkbox") part.checked = value; else part.value = value;
  part.dispatchEvent(new Event("input", {bubbles: true}));
};
const text = (id) => document.getElementById(id).textContent;
"""
Y = [[1, 0, 0]] * 12 + [[1, 1, 0]] * 6 + [[1, 0, 1]] * 1


@needs_chromium
def test_what_is_moved_moves_the_figures_the_table_and_the_lines_to_copy(tmp_path):
    page = explore_plans(Y, class_names=["cat", "dog", "<b>lynx"]).html
    script = """
    const shown = () => ["epoch-size", "imbalance-ratio", "at-cap", "python", "command"].map(text);
    const cells = () => [...document.querySelectorAll("#classes tr")].map((row) =>
      [...row.cells].map((cell) => cell.textContent));
    found = [shown(), cells()];
    set("cap", "8"); found.push(shown());
    set("no-cap", true); found.push(shown());
    set("no-cap", false); set("cap-slider", 0); found.push(shown());
    set("cap", "2"); set("kind", "count"); set("target", "12"); found.push(shown());
    set("kind", "times"); set("target", "1"); found.push(shown());
    const button = document.querySelector("button[data-copies]");
    set("cap", "0.5"); found.push([text("problem"), button.disabled]);
    document.getElementById("rule").reset(); found.push([text("problem"), ...shown()]);
    """
    begin, cells, higher, none, least, count, times, problem, reset = run_in_browser(
        page, SET + script, tmp_path
    )
    assert begin == [
        "19 → 22 1.158x",
        "19.00 → 5.50 ",
        "1 5.3 %, 1 class",
        "plan_resampling(y)",
        "mlresample plan FILE",
    ]
    assert cells == [
        ["<b>lynx", "", "1", "4.0", "4.000", "1"],
        ["dog", "", "6", "6.0", "1.000", ""],
        ["cat", "", "19", "22.0", "1.000", ""],
    ]
    assert higher[0] == "19 → 24 1.263x"  # the lynx is shown 6 times
    assert higher[3:] == ["plan_resampling(y, cap=8)", "mlresample plan FILE --cap 8"]
    assert none[0] == higher[0]
    assert none[3:] == ['plan_resampling(y, cap=float("inf"))', "mlresample plan FILE --cap inf"]
    assert least[0] == "19 → 19 1.000x"
    assert count[3:] == [
        "plan_resampling(y, cap=2, target_count=12)",
        "mlresample plan FILE --cap 2 --target-count 12",
    ]
    assert times[3] == "plan_resampling(y, cap=2, epoch_size=1.0)"
    assert problem == ["The cap must be a number of at least 1.", True]
    assert reset == ["", *begin]
    for epoch_size, *_, line, _ in [begin, higher, none, least, count, times]:
        plan = eval(line, {"plan_resampling": plan_resampling, "y": Y})
        assert epoch_size == f"19 → {plan.epoch_size} {plan.expected_epoch_size / 19:.3f}x"


@needs_chromium
def test_a_page_of_20000_classes_lists_the_rarest_and_the_most_common(tmp_path):
    classes = np.minimum(20_000 * GENERATOR.random(16_000) ** 4, 19_999).astype(int)
    rows = np.repeat(np.arange(4000), 4)
    pairs = np.append(rows, np.full(20_000, 4000)), np.append(classes, np.arange(20_000))
    y = sp.csr_array((np.ones(36_000, dtype=bool), pairs), shape=(4001, 20_000))
    page = explore_plans(y).html
    assert len(page) < 4e6
    script = """
    found = [text("epoch-size"), text("mean-imbalance"), text("classes-title"),
      [...document.querySelectorAll("#classes tr")].map((row) => row.cells[0].textContent)];
    """
    epoch, mean, title, names = run_in_browser(page, SET + script, tmp_path)
    plan = plan_resampling(y)
    assert epoch == f"4,001 → {plan.epoch_size:,} {plan.expected_epoch_size / 4001:.3f}x"
    assert mean == f"{plan.mean_imbalance:.2f} → {plan.resampled_mean_imbalance:.2f} "
    assert title == "20,000 classes, the rarest first"
    order = np.argsort(plan.class_counts, kind="stable").astype(str).tolist()
    assert names[:100] == order[:100]
    assert names[100] == "… 19,850 more classes, which the figures above include …"
    assert names[101:] == order[-50:]


@needs_chromium
def test_every_control_has_a_name_and_is_reached_by_the_keyboard(tmp_path):
    page = explore_plans([*Y, [0, 0, 0]], target_count=0.3).html
    script = """
    const controls = [...document.querySelectorAll("input, select, button, summary")];
    const name = (part) => part.getAttribute("aria-label") || part.labels?.[0]?.textContent
      || part.textContent;
    found = controls.map((part) => [part.id, name(part).trim(), part.tabIndex]);
    """
    controls = run_in_browser(page, SET + script, tmp_path)
    assert len(controls) == 17
    for _, name, tab_index in controls:
        assert name
        assert tab_index == 0
    names = {control: name for control, name, _ in controls}
    assert names["target-slider"] == names["target"] == "a share of the samples"


@needs_chromium
def test_a_screen_reader_is_told_the_figures_once_they_rest(tmp_path):
    script = """
    set("cap", "3"); set("cap", "2");
    const atOnce = text("spoken");
    speak = (said) => (found = [atOnce, said]);
    update();
    """
    at_once, said = run_in_browser(explore_plans(Y).html, SET + script, tmp_path)
    assert at_once == ""
    assert said == (
        "Epoch of 20 samples, 1.053 times as many. Imbalance ratio 10.00, mean imbalance 4.78. "
        "Samples seen more than once: 1, at the cap: 1."
    )


@needs_chromium
@pytest.mark.speed
@pytest.mark.parametrize(("n_classes", "milliseconds"), [(100, 4), (1000, 16)])
def test_what_is_moved_is_shown_within_a_frame(n_classes, milliseconds, tmp_path):
    page = explore_plans(draw_target(20_000, 0.5 / np.arange(1, n_classes + 1) ** 0.9)).html
    script = """
    const times = [];
    for (let i = 0; i < 50; i++) {
      const start = performance.now();
      set("cap", 1.5 + i / 10);
      times.push(performance.now() - start);
    }
    found = times.sort((a, b) => a - b)[25];
    """
    assert run_in_browser(page, SET + script, tmp_path) < milliseconds


def test_more_pairs_than_a_page_holds_are_refused(monkeypatch):
    monkeypatch.setattr("mlresample._plan.explore._MOST_PAIRS", 4)
    with pytest.raises(ValueError, match=r"^y has 5 pairs of .* a page holds 4: .* compare_plans"):
        explore_plans(Y)


def test_a_page_of_100_classes_is_small_and_needs_no_other_file():
    y = draw_target(5000, 0.9 / np.arange(1, 101) ** 0.5)
    page = explore_plans(y, class_names=[f"a class with a long name {c}" for c in range(100)]).html
    assert len(page.encode()) < 300_000
    assert not re.search(r"https?://|\bimport\b|src=|href=", page)


def test_parameters_are_where_the_page_begins():
    start = written_in(explore_plans(Y, cap=np.inf, epoch_size=1.5, background=0.5).html)["start"]
    assert start == {
        "cap": None,
        "floor": 1.0,
        "power": 1.0,
        "background": 0.5,
        "target": {"kind": "times", "value": 1.5},
    }
    for asked, target in [
        ({}, {"kind": "median"}),
        ({"target_count": "max"}, {"kind": "max"}),
        ({"target_count": 5}, {"kind": "count", "value": 5}),
        ({"target_count": 1.0}, {"kind": "share", "value": 1.0}),
        ({"epoch_size": 20}, {"kind": "samples", "value": 20}),
    ]:
        assert written_in(explore_plans(Y, **asked).html)["start"]["target"] == target


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"cap": 0}, "'cap' parameter of explore_plans"),
        ({"target_count": [2, 3, 4]}, "must be one for all classes"),
        ({"target_count": {0: 3}}, "must be one for all classes"),
        ({"epoch_size": 9.0}, "cannot be met"),
        ({"instance_aware": True}, "needs the instances"),
        ({"class_names": ["a"]}, "class_names"),
        ({"unknown": [[False, True, False]] * 19, "target_count": 0.5}, "known for each class"),
    ],
)
def test_what_the_page_cannot_show_is_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        explore_plans(Y, **parameters)


@pytest.mark.parametrize(
    ("y", "options", "arguments"),
    [
        (Y, {}, ["y"]),
        (Y, {"instances": True}, ["y", "instances=True"]),
        ([*Y, [0, -1, 0]], {"unknown": -1}, ["y", "unknown=-1"]),
        ([*Y, [0, np.nan, 0]], {"unknown": np.nan}, ["y", 'unknown=float("nan")']),
        (Y, {"unknown": [[False, True, False]] * 19}, ["y", "unknown=mask"]),
    ],
)
def test_line_of_python_says_how_the_target_is_read(y, options, arguments):
    assert written_in(explore_plans(y, **options).html)["arguments"] == arguments


def test_user_supplied_multipliers_are_refused():
    with pytest.raises(TypeError, match="class_multipliers"):
        explore_plans(Y, class_multipliers=[1, 2, 3])


def test_a_name_of_a_class_cannot_end_the_script():
    page = explore_plans(Y, class_names=["</script><b>", "<!--", "&lt;"]).html
    assert "</script><b>" not in page
    assert "<!--" not in page
    assert written_in(page)["names"] == ["&lt;", "<!--", "</script><b>"]


def test_a_notebook_shows_the_page_in_a_frame():
    explorer = explore_plans(Y)
    frame = explorer._repr_html_()
    assert frame.startswith("<iframe ")
    assert html.unescape(re.search('srcdoc="([^"]*)"', frame)[1]) == explorer.html
    assert repr(explorer) == "PlanExplorer: 19 samples, 3 classes"


def test_saving_writes_the_page(tmp_path):
    explorer = explore_plans(Y)
    explorer.save(tmp_path / "plans.html")
    assert (tmp_path / "plans.html").read_text(encoding="utf-8") == explorer.html
    assert [path.name for path in tmp_path.iterdir()] == ["plans.html"]


def test_the_page_of_a_table_is_that_of_its_target():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is in the extra 'tables'")
    tables = pytest.importorskip("mlresample.tables", reason="xxhash is in the extra 'tables'")
    names = ["cat", "dog", "lynx"]
    labels = [[name for name, carried in zip(names, row, strict=True) if carried] for row in Y]
    target = tables.TableTarget(pa.table({"labels": labels}), "labels")
    options = {"cap": 2, "epoch_size": 1.05}
    written = written_in(target.explore(**options).html)
    assert (written["function"], written["arguments"]) == ("target.plan", [])
    of_target = written_in(explore_plans(Y, class_names=names, **options).html)
    assert written["command"] == ["mlresample plan", "FILE.parquet", "--labels labels"]
    in_memory = {name: of_target[name] for name in ("function", "arguments", "command")}
    assert written | in_memory == of_target
    with pytest.raises(ValueError, match="must be one for all classes"):
        target.explore(target_count={"cat": 3})


# -- command line -------------------------------------------------------------------------------


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "my labels.csv"
    path.write_text("Id,Target,x\na,cat|dog,1\nb,cat,2\nc,cat|lynx,3\nd,,2\n", encoding="utf-8")
    return str(path)


READING = ["--separator", "|", "--none-value", "", "--skip-columns", "x"]


@needs_chromium
def test_the_command_to_copy_makes_the_plan_that_is_shown(labels, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["explore", labels, *READING]) == 0
    page = capsys.readouterr().out
    assert str(tmp_path) not in page  # the page may be shared
    script = """
    set("cap", "3.5"); set("kind", "max"); set("power", "0.5"); set("floor", "0.4");
    set("background", "0"); found = [text("epoch-size"), text("command")];
    """
    epoch, command = run_in_browser(page, SET + script, tmp_path)
    program, *arguments = shlex.split(command)
    assert program == "mlresample"
    assert main([*arguments, "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["cap"], plan["floor"]) == (3.5, 0.4)
    assert epoch == f"4 → {plan['epoch_size']} {plan['growth']:.3f}x"


def test_command_explores_parquet_files(tmp_path, capsys):
    pa = pytest.importorskip("pyarrow", reason="pyarrow is in the extra 'tables'")
    pytest.importorskip("xxhash", reason="xxhash is in the extra 'tables'")
    from pyarrow import parquet

    for part in ("a", "b"):
        table = pa.table({"labels": [["cat"], ["cat", "dog"], None]})
        parquet.write_table(table, tmp_path / f"{part}.parquet")
    files = [str(tmp_path / f"{part}.parquet") for part in ("a", "b")]
    reading = ["--labels", "labels", "--null-is-background"]
    assert main(["explore", *files, *reading]) == 0
    written = written_in(capsys.readouterr().out)
    assert written["counts"] == [2, 4]
    assert written["n_without_class"] == 2
    options = ["--labels labels", "--null-is-background"]
    names = ["a.parquet", "b.parquet"]  # the page may be shared
    assert written["command"] == ["mlresample plan", *names, *options]


@pytest.mark.parametrize(
    ("name", "labels", "options"),
    [
        ("my labels*.parquet", "labels", {"null_is_background": True}),
        ("my folder", "-cells", {"separator": "-"}),
        ("my file", ["cat, tame", "-dog"], {}),
    ],
)
def test_the_command_on_the_page_of_a_table_reads_its_files(
    name, labels, options, tmp_path, capsys, monkeypatch
):
    pa = pytest.importorskip("pyarrow", reason="pyarrow is in the extra 'tables'")
    tables = pytest.importorskip("mlresample.tables", reason="xxhash is in the extra 'tables'")
    from pyarrow import parquet

    columns = {
        "labels": [["cat"], None, ["cat", "dog"]],
        "-cells": ["cat", "", "cat-dog"],
        "cat, tame": [1, 0, 1],
        "-dog": [0, 0, 1],
    }
    (tmp_path / "my folder").mkdir()
    for file in ("my labels 1.parquet", "my folder/1.parquet", "my file"):
        parquet.write_table(pa.table(columns), tmp_path / file)
    target = tables.TableTarget(tmp_path / name, labels, **options)
    page = target.explore().html
    assert str(tmp_path) not in page  # the page may be shared
    program, *arguments = shlex.split(" ".join(written_in(page)["command"]))
    monkeypatch.chdir(tmp_path)
    assert program == "mlresample"
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(target.plan().to_json())


def test_command_writes_the_page_whose_line_reads_the_same_file(labels, tmp_path, capsys):
    output = tmp_path / "page.html"
    arguments = [*READING, "--cap", "6", "--epoch-size", "5"]
    assert main(["explore", labels, *arguments, "--output", str(output)]) == 0
    written = written_in(output.read_text(encoding="utf-8"))
    assert written["names"] == ["dog", "lynx", "cat"]
    assert written["start"]["cap"] == 6
    assert written["start"]["target"] == {"kind": "samples", "value": 5}
    reading = ["--skip-columns x", "--separator '|'", "--none-value ''"]
    assert written["command"] == ["mlresample plan", "'my labels.csv'", *reading]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--class-multiplier", "cat=2"], "no parameter to move"),
        (["--target-count", "cat=2"], "--target-count must be"),
        (["--output", "page.csv"], "mlresample explore writes files that end in .html or .htm"),
    ],
)
def test_command_refuses_what_a_page_cannot_show(labels, arguments, message, capsys):
    assert main(["explore", labels, *READING, *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_command_does_not_write_to_a_terminal(labels, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["explore", labels, *READING]) == 2
    assert capsys.readouterr().err.startswith(
        "mlresample: error: mlresample explore writes a page"
    )
