"""The peers of the benchmarks return the right results."""

import csv
import json
import re
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


def recipes_benchmark():
    pytest.importorskip("torch", reason="torch is not installed")
    from benchmarks import recipes

    return recipes


def test_losses_from_the_literature_have_the_values_of_their_formulas():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from benchmarks import _literature

    tensor = torch.tensor
    logits, y = tensor([[0.0, 0.0]]), tensor([[1.0, 0.0]])
    # 0.5 log 2 for the positive; 0.45^4 log(1 / 0.55) for the negative, shifted by 0.05.
    found = _literature.asymmetric_loss(logits, y)
    np.testing.assert_allclose(found, [[0.34657, 0.02452]], atol=1e-5)
    # Effective numbers 1 and (1 - 0.5^2) / (1 - 0.5) = 1.5: weights 1 and 2 / 3, of mean 1.
    found = _literature.effective_number_loss(logits, y, counts=tensor([1.0, 2.0]), beta=0.5)
    np.testing.assert_allclose(found, np.log(2) * np.array([[1.2, 0.8]]), rtol=1e-6)
    # Margins 0.5 and 0.5 / 16^(1/4) = 0.25 cancel these logits; weights come late.
    given = {"counts": tensor([1.0, 16.0]), "pos_weight": tensor([3.0, 3.0])}
    both, ones = tensor([[0.5, 0.25]]), tensor([[1.0, 1.0]])
    early = _literature.margin_loss(both, ones, progress=0.79, **given)
    np.testing.assert_allclose(early, np.log([[2, 2]]), rtol=1e-6)
    np.testing.assert_allclose(
        _literature.margin_loss(both, ones, progress=0.8, **given), 3 * early, rtol=1e-6
    )
    # Counts of a half: no bias. r = 1/2 for both: weight 0.1 + sigmoid(3). Twice a quarter.
    found = _literature.distribution_balanced_loss(
        tensor([[0.0, 0.0]]), ones, counts=tensor([4.0, 4.0]), n_samples=8
    )
    np.testing.assert_allclose(found, np.full((1, 2), 0.5 * 1.05257 * np.log(2)), rtol=1e-5)


def test_orders_from_the_literature_change_the_steps_that_they_should():
    pytest.importorskip("torch", reason="torch is not installed")
    from benchmarks import _literature

    plan = {"target_count": "mean", "cap": 16}
    y = np.zeros((100, 2), dtype=np.uint8)
    y[:, 0] = y[:5, 1] = 1
    rows = np.arange(100) + 50  # numbers in the whole data
    batches = rows[np.arange(1000) % 100].reshape(100, 10)
    found = _literature.class_aware_order(batches, y, rows, 0)
    assert found.shape == batches.shape
    # Half of the draws are of the rare class, a twentieth of the others show it too.
    assert np.mean(found < 55) == pytest.approx(0.525, abs=0.06)  # 4 sigma
    deferred = _literature.deferred_order(batches, y, rows, 0, plan=plan)
    np.testing.assert_array_equal(deferred[:80], batches[:80])
    assert np.mean(deferred[80:] < 55) > 0.1 > np.mean(batches < 55)
    two_phase = _literature.two_phase_order(batches, y, rows, 0, plan=plan)
    np.testing.assert_array_equal(two_phase[50:], batches[50:])
    assert np.mean(two_phase[:50] < 55) > 0.1


def test_posters_are_read_as_images_and_genres(tmp_path):
    recipes = recipes_benchmark()
    (tmp_path / "images").mkdir()
    for name, red in (("a", 0), ("b", 255)):
        recipes.Image.new("RGB", (64, 64), (red, 0, 0)).save(tmp_path / "images" / f"{name}.jpg")
    (tmp_path / "labels.csv").write_text("Id,Genre\na,War|News\nb,War\n")
    X, y = recipes.read_posters(tmp_path)
    assert X.shape == (2, 3, 32, 32)
    assert X[0].max() < 10 < 240 < X[1, 0].min()
    assert y.tolist() == [[1, 1], [0, 1]]  # News, War


def test_images_are_trained_on_and_scored_the_same_for_the_same_seed():
    recipes = recipes_benchmark()
    torch = recipes.torch
    X = torch.arange(40 * 3 * 32 * 32).reshape(40, 3, 32, 32) % 256
    y = (torch.arange(80).reshape(40, 2) % 3 == 0).float()
    problem = recipes.Problem(X, y, recipes.convolutional_network, 1e-2, 3)
    batches = np.arange(30).reshape(3, 10)
    options = {
        "pos_weight": np.ones(2, dtype=np.float32),
        "sample_weight": np.ones((3, 10), dtype=np.float32),
        "predict": np.arange(30, 40),
    }
    first, second = (recipes.train(problem, batches, seed=5, **options) for _ in range(2))
    assert first.shape == (10, 2)
    np.testing.assert_array_equal(first, second)
    options["sample_weight"] = np.repeat([[2.0], [0.0], [1.0]], 10, axis=1).astype(np.float32)
    assert not np.allclose(first, recipes.train(problem, batches, seed=5, **options))


def test_recipes_are_compared_quickly_on_data_that_need_no_folder(tmp_path, capsys):
    recipes = recipes_benchmark()
    path = tmp_path / "recipes.csv"
    recipes.main(["--questions", "digits", "--quick", "--csv", str(path)])
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    problem = recipes.read_problem("digits", None)
    names = {"nothing", *recipes.exploratory_recipes(problem)}
    assert {row["recipe"] for row in rows} == names
    assert {row["question"] for row in rows} == {"digits"}
    assert "average_precision_rare" in {row["score"] for row in rows}
    with pytest.raises(SystemExit):
        recipes.main([])
    assert "name the folder of the data" in capsys.readouterr().err


def test_samplers_of_the_literature_are_compared_quickly_with_their_new_samples(tmp_path):
    recipes = recipes_benchmark()
    path = tmp_path / "resamplers.csv"
    options = ["--questions", "digits", "--quick", "--resamplers", "--csv", str(path)]
    recipes.main(options)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = {"nothing", *recipes.resampler_recipes(recipes.read_problem("digits", None))}
    assert {row["recipe"] for row in rows} == expected
    batches = recipes.epochs_of(7, (3, 4), seed=0)
    assert sorted(batches.ravel()[:7]) == list(range(7))
    X, y = recipes.torch.rand(40, 2), recipes.torch.arange(80).reshape(40, 2) % 3 == 0
    y[:, 1] &= y[:, 0]
    X_new, y_new = recipes.resample(recipes.MLSMOTE(), X, y.float(), seed=0)
    assert X_new.dtype == y_new.dtype == recipes.torch.float32
    assert len(X_new) == len(y_new)


DATA_SETS = ["digits", "yeast", "birds", "enron", "corel5k"]


def guide_table(name, data_sets, page="losses"):
    """Return the figures of each cell of a table of the guide, by data set and method."""
    page = (Path(__file__).parents[1] / "docs" / "guide" / f"{page}.rst").read_text()
    block = page.partition(f":name: {name}\n\n")[2].partition("\n\n")[0]
    rows = csv.reader((line.strip() for line in block.splitlines()), skipinitialspace=True)
    cells = {}
    for method, *row in rows:
        for data_set, cell in zip(data_sets, row, strict=True):
            cells[data_set, method] = [float(figure) for figure in re.findall(r"[\d.]+", cell)]
    return cells


def recipe_means(name="recipes"):
    """Return the means of a file of results by data set, recipe and score."""
    path = Path(__file__).parents[1] / "benchmarks" / "results" / f"{name}.csv"
    with path.open(newline="") as figures:
        return {
            (row["question"], row["recipe"], row["score"]): float(row["mean"])
            for row in csv.DictReader(figures)
        }


def test_recipes_of_the_guide_are_the_committed_figures():
    means = recipe_means()
    cells = guide_table("recipes-on-five-data-sets", DATA_SETS)
    assert len(cells) == 30
    for key, figures in cells.items():
        scores = [
            means.get((*key, score))
            for score in ("macro_f1", "macro_f1_tuned", "average_precision")
        ]
        assert figures == [round(score, 3) for score in scores if score is not None]


def test_samplers_of_the_guide_are_the_committed_figures():
    means = recipe_means("resamplers")
    data_sets = ["yeast", "birds", "enron", "corel5k", "embeddings"]
    cells = guide_table("samplers-on-five-data-sets", data_sets, page="methods")
    assert len(cells) == 45
    for key, figures in cells.items():
        assert figures == [round(means[(*key, s)], 3) for s in ("macro_f1", "macro_f1_tuned")]
    with (Path(__file__).parents[1] / "benchmarks/results/resamplers.csv").open(
        newline=""
    ) as file:
        rows = [row for row in csv.DictReader(file) if row["recipe"].isupper()]
    assert {row["recipe"] for row in rows} == {
        "MLROS",
        "LPROS",
        "MLRUS",
        "LPRUS",
        "REMEDIAL",
        "MLSMOTE",
    }
    for row in rows:
        is_better = (float(row["difference"]) > 0) != (row["score"] == "calibration_error")
        assert not (is_better and float(row["p_holm"]) < 0.05), row
        if row["score"] == "average_precision":
            assert -0.09 < float(row["difference"]) < 0.01


def test_the_guide_and_the_readme_say_what_thresholds_weights_and_the_plan_gain():
    means = recipe_means()

    def gains(recipe, score="macro_f1"):
        found = [
            means[data_set, recipe, score] - means[data_set, "nothing", "macro_f1"]
            for data_set in DATA_SETS
            if (data_set, recipe, score) in means
        ]
        return f"{min(found):.2f}", f"{max(found):.2f}"

    root = Path(__file__).parents[1]
    guide = " ".join((root / "docs" / "guide" / "losses.rst").read_text().split())
    readme = " ".join((root / "README.md").read_text().split())
    by_thresholds = "{} to {}".format(*gains("nothing", "macro_f1_tuned"))
    by_weights = "{} to {}".format(*gains("weights"))
    assert f"**Tuned thresholds** alone raised macro-F1 by {by_thresholds}." in guide
    assert f"**Weights** raised macro-F1 at 0.5 by {by_weights}," in guide
    assert f"weights lift macro-F1 at 0.5 by {by_weights} on five data sets" in readme
    assert f"a plan alone gains at most {gains('plan')[1]}, not beyond noise" in readme


def test_corrections_of_the_guide_are_the_committed_figures():
    cells = guide_table("predicted-then-corrected", DATA_SETS[1:])
    assert len(cells) == 16
    path = Path(__file__).parents[1] / "benchmarks" / "results" / "corrections.csv"
    with path.open(newline="") as figures:
        for row in csv.DictReader(figures):
            if row["model"] == "network":
                columns = [row["predicted"], row["corrected"]]
                expected = [float(figure) for figure in columns if figure]
                assert cells.pop((row["data"], row["trained with"])) == expected
    assert not cells


@pytest.mark.parametrize("model", ["network", "linear"])
def test_rates_are_corrected_only_where_plan_or_weights_have_shifted_them(model):
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("iterstrat", reason="iterative-stratification is not installed")
    from benchmarks import corrections

    generator = np.random.RandomState(0)
    y = (generator.uniform(size=(200, 3)) < [0.5, 0.3, 0.1]).astype(np.uint8)
    X = y + generator.normal(size=y.shape)
    train = corrections.trainer(model, "yeast")
    raw, corrected = corrections.rates(train, X, y, "nothing", 2)
    np.testing.assert_array_equal(raw, corrected)
    raw, corrected = corrections.rates(train, X, y, "weights", 2)
    assert (np.abs(corrected - y.mean(0)) < np.abs(raw - y.mean(0)))[1:].all()


def test_the_guide_and_the_readme_give_the_answer_to_the_primary_question():
    root = Path(__file__).parents[1]
    with (root / "benchmarks" / "results" / "recipes.csv").open(newline="") as file:
        (row,) = [
            row
            for row in csv.DictReader(file)
            if row["question"] == "primary"
            and row["score"] == "average_precision_rare"
            and row["recipe"] == "importance weights + weights"
        ]
    difference, low, high = (float(row[name]) for name in ("difference", "low", "high"))
    for page in (root / "README.md", root / "docs" / "guide" / "losses.rst"):
        text = " ".join(page.read_text().split())
        assert f"{difference:+.3f} ({low:+.3f} to {high:+.3f})" in text


def test_noise_of_importance_weights_is_relative_to_uniform_sampling():
    from benchmarks import importance

    # Repeats 1 and 3 weigh 2 and 2/3. Gradients 0 and 3 become one of 0 and three of 2, with the
    # mean 1.5 as before; their variance is (1.5^2 + 3 x 0.5^2) / 4 = 0.75 after 2.25.
    repeats = np.array([1, 3])
    found = importance.noise(np.array([[0.0], [3.0]]), repeats)
    np.testing.assert_allclose(found, [(0.75 / 2.25) ** 0.5])
    np.testing.assert_allclose(importance.noise(np.array([[0.0], [3.0]]), np.ones(2)), [1])
    gradients = importance.bias_gradients(np.array([[1, 0], [0, 0], [0, 0], [1, 1]]))
    np.testing.assert_allclose(gradients.mean(axis=0), 0, atol=1e-12)


def test_growth_and_noise_are_printed_by_cap(monkeypatch, capsys):
    from benchmarks import importance

    monkeypatch.delenv("MLRESAMPLE_DATA", raising=False)
    monkeypatch.setattr(sys, "argv", ["importance", "--quick"])
    importance.main()
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert len(rows) == len(importance.TARGETS) * len(importance.CAPS)
    for target, cap, *figures in rows:
        growth, equal, _, _, rare = map(float, figures)
        if cap == "1":
            assert figures == ["1.00"] * 5, target
        else:
            # The mean of 1 / R is at least 1 / (the mean of R), so that "equal" is at least 1.
            assert rare < 1 <= equal <= growth


def test_importance_reads_label_matrices_of_a_folder(monkeypatch, capsys, tmp_path):
    from benchmarks import importance

    y = sp.csr_array(np.eye(3, dtype=int)[np.repeat([0, 1, 2], [6, 2, 1])])
    parts = {name: getattr(y, name) for name in ("data", "indices", "indptr", "shape")}
    np.savez(tmp_path / "few.npz", **{f"y_{name}": part for name, part in parts.items()})
    monkeypatch.setenv("MLRESAMPLE_DATA", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["importance"])
    importance.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "few: 9 samples, 3 classes"
    # Counts 6, 2 and 1 are repeated 1, 3 and 6 times: 18 samples instead of 9. The mean of 1 / R
    # is (6 + 2/3 + 1/6) / 9 = 0.759, and the square root of twice that is 1.23.
    assert lines[-1].split()[:4] == ["max", "64", "2.00", "1.23"]


def test_simulated_annotation_finds_most_by_the_oracle(monkeypatch):
    from benchmarks import annotation

    monkeypatch.setattr(annotation, "N_ROUNDS", 2)
    rng = np.random.RandomState(0)
    X = rng.normal(size=(400, 6)).astype(np.float32)
    y = (X + rng.normal(size=X.shape) > [0, 0.5, 1, 2, 2.5, 2.5]).astype(np.uint8)
    found = {}
    for strategy in ("random", "quotas", "oracle"):
        rounds = list(annotation.simulate(X, y, strategy, "model", seed=0))
        assert [figures[:2] for figures in rounds] == [(0, 50), (1, 60), (2, 70)]
        found[strategy] = rounds[-1][2]
    assert found["random"] < found["quotas"] <= found["oracle"]
