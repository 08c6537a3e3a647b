"""The peers of the benchmarks return the right results."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks import __main__ as benchmark
from benchmarks import _growth, _measure, _peers, _steps
from benchmarks._optional import optional
from benchmarks._scales import SCALES, make_target
from mlresample import MaxMultiplierOverSampler, plan_resampling

Y = make_target(SCALES["S1"].quick())


def torch_peers():
    pytest.importorskip("torch", reason="torch is not installed")
    from benchmarks import _torch_peers

    return _torch_peers


def test_repeat_factors_are_those_of_the_definition():
    # f = 4/5, 1/5 and 2/5 of five images, t = 4/5: sqrt(t / f) = 1, 2 and sqrt(2).
    peers = torch_peers()
    dicts = peers.dataset_dicts([[0], [0, 1], [0, 2], [], [2, 0]])
    factors = peers.repeat_factors(dicts, threshold=0.8)
    assert factors.dtype == peers.torch.float32
    assert factors.tolist() == pytest.approx([1, 2, 2**0.5, 1, 2**0.5])


def test_repeat_factors_are_a_plan_with_square_roots_and_no_cap():
    peers = torch_peers()
    dicts = peers.dataset_dicts(_peers.label_lists(Y))
    plan = plan_resampling(Y, target_count=1e-2, power=0.5, cap=np.inf)
    np.testing.assert_allclose(
        peers.repeat_factors(dicts, threshold=1e-2).numpy(), plan.sample_multipliers, rtol=1e-6
    )


def test_epoch_rounds_each_image_up_if_its_random_number_is_below_the_fraction():
    peers = torch_peers()
    torch = peers.torch
    factors = torch.tensor([1.0, 2.25, 1.5, 3.0, 0.5])
    above = torch.rand(5, generator=torch.Generator().manual_seed(7)) < factors % 1
    assert above.tolist() == [False, True, False, False, True]
    indices = peers.epoch_indices(*peers.split(factors), torch.Generator().manual_seed(7))
    assert indices.tolist() == [0, 1, 1, 1, 2, 3, 3, 3, 4]
    order = peers.shuffled(indices, torch.Generator().manual_seed(0))
    assert sorted(order) == indices.tolist() != order


def test_mean_of_many_epochs_is_the_factors():
    peers = torch_peers()
    generator = peers.torch.Generator().manual_seed(0)
    parts = peers.split(peers.torch.tensor([1.0, 2.25, 1.5, 3.0]))
    drawn = [np.bincount(peers.epoch_indices(*parts, generator)) for _ in range(4000)]
    np.testing.assert_allclose(np.mean(drawn, axis=0), [1, 2.25, 1.5, 3], atol=0.04)  # 5 sigma


def test_plain_numpy_gives_the_figures_of_a_plan():
    plan = plan_resampling(Y)
    dense = Y.toarray()
    for samples, resampled in (_peers.numpy_csr(Y, 4), _peers.numpy_bytes(dense, 4)):
        np.testing.assert_allclose(samples, plan.sample_multipliers)
        np.testing.assert_allclose(resampled, plan.resampled_class_counts)
    np.testing.assert_allclose(_peers.numpy_columns(dense, 4), plan.sample_multipliers)


def test_random_over_sampler_is_compared_at_the_same_result():
    X, labels = np.arange(60).reshape(-1, 1), np.repeat([0, 1, 2], [40, 15, 5])
    sampler = MaxMultiplierOverSampler(target_count="max", cap=np.inf, random_state=0)
    assert np.bincount(sampler.fit_resample(X, labels)[1]).tolist() == [40, 40, 40]
    assert np.bincount(_peers.random_over_sampler(X, labels)[1]).tolist() == [40, 40, 40]


def test_list_recipe_repeats_whole_times():
    # Counts 4, 1, 2; the median of the sorted counts is 2: multipliers 1, 2, 1.
    lists = [[0], [0, 1], [0, 2], [], [2, 0]]
    assert _peers.list_recipe(lists, cap=4) == [0, 1, 1, 2, 3, 4]


def test_missing_or_broken_package_is_named_and_left_out(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mmengine", None)
    monkeypatch.delitem(sys.modules, "benchmarks._mmengine", raising=False)
    assert optional("_mmengine") is None
    assert "left out: mmengine (" in capsys.readouterr().out


def test_peer_that_fails_is_left_out_and_ours_is_not(capsys):
    def broken():
        raise OSError("no such library")

    times = _measure.interleaved({"ours": int, "mmengine": broken}, 1, may_fail={"mmengine"})
    assert list(times) == ["ours"]
    assert "left out: mmengine (OSError: no such library)" in capsys.readouterr().out
    with pytest.raises(OSError, match="no such library"):
        _measure.interleaved({"ours": broken}, 1, may_fail={"mmengine"})


def test_results_are_saved_as_they_come(monkeypatch, tmp_path, capsys):
    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(_growth, "curves", stopped)
    arguments = ["benchmarks", "--quick", "--scales", "S0", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(_steps, "torch_peers", None)  # as where it is not installed
    with pytest.raises(KeyboardInterrupt):
        benchmark.main()
    results = json.loads((tmp_path / "benchmarks.json").read_text())
    assert {row["step"] for row in results["rows"]} == {"plan, CSR", "plan, bytes"}
    assert results["processor"]["cores"] >= 1
    assert f"processor: {results['processor']['name']}" in capsys.readouterr().out


def test_smallest_scale_has_few_entries():
    y = make_target(SCALES["S0"])
    assert y.shape == (30, 5)
    assert sp.issparse(y)
    assert y.nnz < 60


def test_loaders_that_are_compared_yield_the_same_images(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from benchmarks import loaders

    images = np.arange(100, dtype=np.uint8).reshape(100, 1, 1, 1)
    multipliers = loaders.sample_multipliers(100)
    stored = torch.from_numpy(images)
    epochs = {}
    for name, dataset in loaders.datasets(images, tmp_path):
        assert hasattr(dataset, "__getitems__") == name.endswith("__getitems__")
        for plan, loader in loaders.loaders(dataset, multipliers, num_workers=0).items():
            batches = [loaders.to_floats(batch, "cpu") for batch in loader]
            epochs[name, plan] = np.sort(torch.cat(batches).flatten())
    sampler = loaders.RepeatSampler(multipliers)
    on_device = torch.cat([*loaders.device_batches(stored, torch.tensor(list(sampler)))])
    expected = np.sort(on_device.flatten())
    for (_, plan), epoch in epochs.items():
        assert len(epoch) == len(expected) > 100
        if plan != "no plan":
            np.testing.assert_array_equal(epoch, expected)


def guide_table(name):
    """Return the cells of a table of the guide by data set and method."""
    page = (Path(__file__).parents[1] / "docs" / "guide" / "losses.rst").read_text()
    block = page.partition(f":name: {name}\n\n")[2].partition("\n\n")[0]
    rows = csv.reader((line.strip() for line in block.splitlines()), skipinitialspace=True)
    cells = {}
    for method, *row in rows:
        for data_set, cell in zip(["yeast", "birds", "enron", "corel5k"], row, strict=True):
            cells[data_set, method] = [float(figure) for figure in cell.split("→")]
    return cells


@pytest.mark.parametrize(
    ("name", "file", "columns", "n_cells"),
    [
        (
            "macro-f1-of-the-networks",
            "fair_comparison.csv",
            ["macro-F1 0.5", "macro-F1 shrunk"],
            24,
        ),
        ("predicted-then-corrected", "corrections.csv", ["predicted", "corrected"], 16),
    ],
)
def test_tables_of_the_guide_are_the_committed_figures(name, file, columns, n_cells):
    cells = guide_table(name)
    assert len(cells) == n_cells
    path = Path(__file__).parents[1] / "benchmarks" / "results" / file
    with path.open(newline="") as figures:
        for row in csv.DictReader(figures):
            if row["model"] == "network":
                expected = [float(row[column]) for column in columns if row[column]]
                assert cells.pop((row["data"], row["trained with"])) == expected
    assert not cells


def test_picture_of_the_guide_is_drawn_from_the_committed_figures(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from benchmarks import fair_picture

    figures = fair_picture.read_figures()
    assert {data_set: len(rows) for data_set, rows in figures.items()} == {
        "yeast": 6,
        "birds": 6,
        "enron": 6,
        "corel5k": 6,
    }
    fair_picture.draw(figures, tmp_path / "picture.png")
    assert 0 < (tmp_path / "picture.png").stat().st_size < 60_000
    assert fair_picture.PICTURE.stat().st_size < 60_000
