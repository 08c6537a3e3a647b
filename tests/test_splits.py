"""Multi-label stratified folds, with and without groups, and training and test parts."""

import itertools
import os
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier

from mlresample.model_selection import (
    MultilabelStratifiedGroupKFold,
    MultilabelStratifiedKFold,
    MultilabelStratifiedShuffleSplit,
)
from tests.containers import TARGETS

SPLITTERS = {
    "folds": MultilabelStratifiedKFold(3, shuffle=True, random_state=0),
    "groups": MultilabelStratifiedGroupKFold(3, shuffle=True, random_state=0),
    "shuffle": MultilabelStratifiedShuffleSplit(2, test_size=0.3, random_state=0),
}


def long_tail(n_samples, n_classes, seed=0, rarest=0.02):
    generator = np.random.RandomState(seed)
    shares = np.geomspace(0.5, rarest, n_classes)
    return (generator.uniform(size=(n_samples, n_classes)) < shares).astype(np.int64)


def fold_numbers(splitter, y, groups=None):
    """Fold of each sample; every sample is in one fold."""
    n_samples = y.shape[0] if hasattr(y, "shape") else len(y)
    folds = np.full(n_samples, -1)
    for fold, (train, test) in enumerate(splitter.split(np.zeros(n_samples), y, groups)):
        assert (folds[test] == -1).all()
        assert_array_equal(np.sort(np.append(train, test)), np.arange(n_samples))
        folds[test] = fold
    assert (folds >= 0).all()
    return folds


def counts_by_fold(y, folds):
    return np.array([y[folds == fold].sum(axis=0) for fold in range(folds.max() + 1)])


def label_distribution(y, folds):
    """Mean difference between the odds of a class in a fold and in all samples (Sechidis)."""
    sizes, counts = np.bincount(folds), counts_by_fold(y, folds)
    counts, total = counts[:, y.any(axis=0)], y.sum(axis=0)[y.any(axis=0)]
    return np.abs(counts / (sizes[:, None] - counts) - total / (len(y) - total)).mean()


def pairs_of_classes(y):
    first, second = np.triu_indices(y.shape[1], 1)
    return y[:, first] * y[:, second]


# -- folds -------------------------------------------------------------------------------------


def test_counts_that_can_be_even_are_even():
    # Six samples a label set, three folds: two of each in every fold.
    y = np.repeat([[1, 0, 0], [0, 1, 1], [1, 1, 0], [0, 0, 0]], 6, axis=0)
    folds = fold_numbers(MultilabelStratifiedKFold(3, shuffle=True, random_state=1), y)
    assert_array_equal(counts_by_fold(y, folds), [[4, 4, 2]] * 3)
    assert_array_equal(np.bincount(folds), [8, 8, 8])


def test_pairs_of_classes_are_spread_too():
    # Classes 0 and 1 together or each alone: counts by class alone could hide all pairs in a fold.
    y = np.repeat([[1, 1], [1, 0], [0, 1]], 40, axis=0)
    folds = fold_numbers(MultilabelStratifiedKFold(4, shuffle=True, random_state=0), y)
    assert_array_equal([(y[folds == fold].sum(axis=1) == 2).sum() for fold in range(4)], [10] * 4)


@given(
    st.integers(2, 40), st.integers(2, 8), st.integers(2, 6), st.floats(0, 1), st.integers(0, 99)
)
@settings(max_examples=60, deadline=None)
def test_sizes_differ_by_at_most_one_and_every_sample_is_in_one_fold(
    n_samples, n_classes, n_folds, density, seed
):
    y = (np.random.RandomState(seed).uniform(size=(n_samples, n_classes)) < density).astype(int)
    splitter = MultilabelStratifiedKFold(min(n_folds, n_samples), shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that a fold lacks
        sizes = np.bincount(fold_numbers(splitter, y))
    assert len(sizes) == splitter.n_splits
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.parametrize("seed", range(5))
def test_no_class_is_more_than_a_sample_from_its_share_if_samples_carry_few(seed):
    y = long_tail(600, 12, seed)
    folds = fold_numbers(MultilabelStratifiedKFold(5, shuffle=True, random_state=seed), y)
    assert np.abs(counts_by_fold(y, folds) - y.sum(axis=0) / 5).max() <= 1


@pytest.mark.parametrize("container", TARGETS)
def test_same_seed_gives_the_same_folds_on_every_container(container):
    y = long_tail(60, 5, rarest=0.2)
    groups = np.arange(60) // 3
    converted = TARGETS[container](y)
    for name, splitter in SPLITTERS.items():
        of_groups = groups if name == "groups" else None
        for expected, found in zip(
            splitter.split(y, y, of_groups),
            splitter.split(np.zeros(60), converted, of_groups),
            strict=True,
        ):
            assert_array_equal(found[0], expected[0])
            assert_array_equal(found[1], expected[1])


def test_permuted_columns_give_the_same_quality():
    y = long_tail(500, 20)
    splitter = MultilabelStratifiedKFold(5, shuffle=True, random_state=0)
    differences = [
        label_distribution(columns, fold_numbers(splitter, columns))
        for columns in (y, y[:, ::-1], y[:, np.random.RandomState(0).permutation(20)])
    ]
    assert max(differences) < 1.1 * min(differences)


def test_random_state():
    y = long_tail(90, 4, rarest=0.1)

    def folds(**parameters):
        return fold_numbers(MultilabelStratifiedKFold(3, **parameters), y)

    one = np.random.RandomState(0)
    assert_array_equal(folds(), folds())
    assert_array_equal(folds(shuffle=True, random_state=0), folds(shuffle=True, random_state=0))
    first, second = (folds(shuffle=True, random_state=one) for _ in range(2))
    assert_array_equal(first, folds(shuffle=True, random_state=np.random.RandomState(0)))
    assert (first != second).any()
    assert (folds(shuffle=True, random_state=0) != folds(shuffle=True, random_state=1)).any()
    np.random.seed(0)
    first = folds(shuffle=True)
    np.random.seed(0)
    assert_array_equal(first, folds(shuffle=True))
    with pytest.raises(ValueError, match="random_state has no effect"):
        MultilabelStratifiedKFold(3, random_state=0)


def test_many_classes_per_sample_need_no_dense_copy():
    import tracemalloc

    columns = np.concatenate(
        [np.random.RandomState(row).choice(20_000, 100, replace=False) for row in range(1000)]
    )
    y = sp.csr_array((np.ones(100_000), columns, np.arange(0, 100_001, 100)), shape=(1000, 20_000))
    splitter = MultilabelStratifiedKFold(2, shuffle=True, random_state=0)
    tracemalloc.start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class or two has a single sample
        folds = fold_numbers(splitter, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < y.shape[0] * y.shape[1]  # bytes of the smallest dense copy

    def distance(folds):
        return np.abs(y[folds == 0].sum(axis=0) - y[folds == 1].sum(axis=0)).mean()

    assert distance(folds) < 0.85 * distance(np.random.RandomState(0).permutation(1000) % 2)


# -- single-label ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [list, np.array])
def test_labels_are_spread_as_scikit_learn_spreads_them(kind):
    labels = kind(["cat"] * 9 + ["dog"] * 6 + ["owl"] * 3)
    folds = fold_numbers(MultilabelStratifiedKFold(3, shuffle=True, random_state=0), labels)
    for fold in range(3):
        _, counts = np.unique(np.asarray(labels)[folds == fold], return_counts=True)
        assert_array_equal(counts, [3, 2, 1])


# -- parts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "n_train", "n_test"),
    [
        ({}, 180, 20),
        ({"test_size": 0.25}, 150, 50),
        ({"test_size": 31, "train_size": 70}, 70, 31),
        ({"train_size": 0.4}, 80, 120),
    ],
)
def test_parts_have_the_sizes_of_scikit_learn_and_their_shares_of_the_classes(
    sizes, n_train, n_test
):
    y = long_tail(200, 6, rarest=0.15)
    splits = MultilabelStratifiedShuffleSplit(4, random_state=0, **sizes).split(y, y)
    tests = []
    for train, test in splits:
        assert (len(train), len(test)) == (n_train, n_test)
        assert len(np.intersect1d(train, test)) == 0
        for part in (train, test):
            assert np.abs(y[part].sum(axis=0) - y.sum(axis=0) * len(part) / 200).max() <= 1
        tests.append(frozenset(test.tolist()))
    assert len(set(tests)) == 4


def test_every_sample_is_drawn_for_the_test_part_equally_often():
    # 200 draws of 30 percent: each sample is expected 60 times, with a deviation of 6.
    y = long_tail(200, 3, rarest=0.3)
    splitter = MultilabelStratifiedShuffleSplit(200, test_size=0.3, random_state=0)
    drawn = np.bincount(np.concatenate([test for _, test in splitter.split(y, y)]))
    assert drawn.sum() == 200 * 60
    assert drawn.min() > 30
    assert drawn.max() < 90


# -- groups ------------------------------------------------------------------------------------


def unevenness(y, folds, n_folds):
    """Squared deviations of the sizes; of the classes, and with less weight of their pairs."""
    sizes = np.bincount(folds, minlength=n_folds)
    squares = 0
    for table, weight in ((y, 1), (pairs_of_classes(y), 0.25)):
        counts = np.array([table[folds == fold].sum(axis=0) for fold in range(n_folds)])
        total = table.sum(axis=0)
        weights = weight * (total > 1) / np.sqrt(np.maximum(total, 1))
        squares += (weights * (counts - total / n_folds) ** 2).sum()
    return ((sizes - len(y) / n_folds) ** 2).sum(), squares


def test_groups_are_spread_as_well_as_exhaustive_search_spreads_them():
    generator = np.random.RandomState(0)
    as_even, as_stratified = [], []
    for seed in range(40):
        n_folds, n_groups = generator.randint(2, 4), generator.randint(4, 8)
        groups = np.repeat(np.arange(n_groups), generator.randint(1, 6, size=n_groups))
        y = (generator.uniform(size=(len(groups), 3)) < 0.4).astype(int)
        splitter = MultilabelStratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = unevenness(y, fold_numbers(splitter, y, groups), n_folds)
        best = min(
            unevenness(y, np.array(folds)[groups], n_folds)
            for folds in itertools.product(range(n_folds), repeat=n_groups)
        )
        as_even.append(found[0] <= best[0] + 1e-9)
        as_stratified.append(found[0] > best[0] + 1e-9 or found[1] <= 1.05 * best[1] + 1e-9)
    assert np.mean(as_even) > 0.9
    assert np.mean(as_stratified) > 0.95


@given(st.lists(st.integers(1, 30), min_size=2, max_size=14), st.integers(2, 4), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_no_move_or_swap_of_groups_brings_the_sizes_nearer_and_groups_stay_whole(
    group_sizes, n_folds, seed
):
    n_folds = min(n_folds, len(group_sizes))
    groups = np.repeat(np.arange(len(group_sizes)), group_sizes)
    groups = np.random.RandomState(seed).permutation(groups)
    y = (np.random.RandomState(seed).uniform(size=(len(groups), 3)) < 0.4).astype(int)
    splitter = MultilabelStratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folds = fold_numbers(splitter, y, groups)
    fold_of = np.array([folds[groups == group][0] for group in range(len(group_sizes))])
    assert_array_equal(fold_of[groups], folds)
    sizes = np.bincount(folds, minlength=n_folds)
    in_fold = [[0, *np.array(group_sizes)[fold_of == fold]] for fold in range(n_folds)]
    for a, b in itertools.permutations(range(n_folds), 2):
        for leaving, coming in itertools.product(in_fold[a], in_fold[b]):
            moved = leaving - coming
            assert abs(sizes[a] - sizes[b] - 2 * moved) >= abs(sizes[a] - sizes[b])


def test_a_group_for_each_sample_gives_the_folds_without_groups():
    y = long_tail(120, 6, rarest=0.1)
    names = [f"patient {i}" for i in np.random.RandomState(0).permutation(120)]
    assert_array_equal(
        fold_numbers(MultilabelStratifiedGroupKFold(4, shuffle=True, random_state=0), y, names),
        fold_numbers(MultilabelStratifiedKFold(4, shuffle=True, random_state=0), y),
    )


def test_one_large_group_has_a_fold_for_itself_and_the_others_share_the_rest():
    y = long_tail(400, 4, rarest=0.2)
    groups = np.append(np.zeros(250, dtype=int), np.arange(150) // 3 + 1)
    with pytest.warns(UserWarning, match="group 0 holds 128 of the 203 samples of class 0"):
        folds = fold_numbers(MultilabelStratifiedGroupKFold(4), y, groups)
    assert_array_equal(np.sort(np.bincount(folds)), [48, 51, 51, 250])


def test_two_groups_make_two_folds_and_one_group_none():
    y = long_tail(40, 3, rarest=0.4)
    groups = np.arange(40) % 2
    folds = fold_numbers(MultilabelStratifiedGroupKFold(2), y, groups)
    assert_array_equal(folds == folds[0], groups == 0)
    with pytest.raises(ValueError, match=r"n_splits=2 greater than the number of groups: 1\."):
        next(MultilabelStratifiedGroupKFold(2).split(y, y, np.zeros(40)))


@pytest.mark.parametrize("kind", ["pandas", "polars", "strings", "column"])
def test_groups_in_every_container(kind):
    y = long_tail(60, 4, rarest=0.2)
    groups = np.arange(60) // 4
    names = [f"scene {group:02}" for group in groups]
    if kind in ("pandas", "polars"):
        converted = pytest.importorskip(kind).Series(names)
    else:
        converted = names if kind == "strings" else np.array(names)
    splitter = MultilabelStratifiedGroupKFold(3, shuffle=True, random_state=0)
    assert_array_equal(fold_numbers(splitter, y, converted), fold_numbers(splitter, y, groups))


# -- warnings ----------------------------------------------------------------------------------


def test_one_warning_names_classes_with_fewer_samples_than_folds():
    pd = pytest.importorskip("pandas")
    y = pd.DataFrame({"cat": [1, 0] * 10, "dog": [0, 1] * 10, "owl": [1, 1] + [0] * 18})
    with pytest.warns(UserWarning, match="classes has fewer samples") as caught:
        fold_numbers(MultilabelStratifiedKFold(4), y)
    assert [str(warning.message) for warning in caught] == [
        "1 of 3 classes has fewer samples than there are folds (4), so that some lack them: 'owl'."
    ]


def test_a_class_that_no_split_keeps_beside_others_is_named_apart():
    # Each sample carries two of three classes, two samples per class, two folds: a fold gets two
    # of the three samples at most, and the other one of them lacks a class.
    y = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]])
    with pytest.warns(UserWarning, match=r"Some lack classes that another split might have kept"):
        fold_numbers(MultilabelStratifiedKFold(2), y)


def test_group_that_holds_most_of_a_class_is_named():
    y = np.zeros((40, 2), dtype=int)
    y[::2, 0] = 1
    y[:10, 1] = y[30:34, 1] = 1
    groups = np.repeat(["p1", "p2", "p3", "p4"], 10)
    with pytest.warns(UserWarning, match="group 'p1' holds 10 of the 14 samples of class 1"):
        fold_numbers(MultilabelStratifiedGroupKFold(2), y, groups)


def test_class_in_fewer_groups_than_folds_is_named():
    y = np.ones((40, 2), dtype=int)
    y[20:, 1] = 0
    groups = np.repeat(["p1", "p2", "p3", "p4"], 10)
    message = r"1 of 2 classes has samples in fewer groups than there are folds \(4\).*: 1\."
    with pytest.warns(UserWarning, match=message):
        fold_numbers(MultilabelStratifiedGroupKFold(4), y, groups)


def test_parts_warn_once_of_classes_with_less_than_a_sample():
    y = np.zeros((40, 2), dtype=int)
    y[:20, 0] = y[:2, 1] = 1
    splitter = MultilabelStratifiedShuffleSplit(5, test_size=0.1, random_state=0)
    with pytest.warns(UserWarning, match=r"less than one sample in a .* test part of 4") as caught:
        list(splitter.split(y, y))
    assert len(caught) == 1


@pytest.mark.parametrize("name", ["folds", "shuffle"])
def test_groups_are_ignored_with_a_warning_that_names_the_splitter_for_them(name):
    y = long_tail(60, 3, rarest=0.3)
    with pytest.warns(UserWarning, match="use MultilabelStratifiedGroupKFold"):
        next(SPLITTERS[name].split(y, y, np.arange(60)))


# -- bad input ---------------------------------------------------------------------------------

Y = long_tail(30, 3, rarest=0.3)
NAN = np.where(np.arange(90).reshape(30, 3) == 7, np.nan, Y)


@pytest.mark.parametrize(
    ("y", "groups", "message"),
    [
        (NAN, np.arange(30), "must hold 0 and 1|Fill missing values"),
        (np.ones(30), np.arange(30), "only one class"),
        (None, np.arange(30), "got None as y"),
        (Y[:29], np.arange(30), "inconsistent numbers of samples"),
    ],
)
@pytest.mark.parametrize("name", SPLITTERS)
def test_bad_targets_are_errors(name, y, groups, message):
    with pytest.raises(ValueError, match=message):
        next(SPLITTERS[name].split(np.zeros(30), y, groups if name == "groups" else None))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (None, "'groups' parameter should not be None"),
        (np.arange(29), "inconsistent numbers of samples"),
        (np.append(np.arange(29.0), np.nan), "groups contains NaN"),
        (["a", None, *"bc" * 14], "groups must be all strings or all numbers"),
        ([0, 1] * 15, "greater than the number of groups: 2"),
        (np.zeros((30, 2)), "1d array"),
    ],
)
def test_bad_groups_are_errors(groups, message):
    with pytest.raises(ValueError, match=message):
        next(SPLITTERS["groups"].split(Y, Y, groups))


def test_bad_parameters_are_errors():
    with pytest.raises(ValueError, match="greater than the number of samples"):
        next(MultilabelStratifiedKFold(31).split(Y, Y))
    for kind in (MultilabelStratifiedKFold, MultilabelStratifiedGroupKFold):
        with pytest.raises(ValueError, match="n_splits=2 or more"):
            kind(1)
    with pytest.raises(ValueError, match="test_size=30"):
        next(MultilabelStratifiedShuffleSplit(test_size=30).split(Y, Y))


# -- scikit-learn ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPLITTERS)
def test_number_of_splits_representation_and_copies(name):
    splitter = SPLITTERS[name]
    assert splitter.get_n_splits() == splitter.get_n_splits(Y, Y) == splitter.n_splits
    assert repr(splitter).startswith(f"{type(splitter).__name__}(n_splits={splitter.n_splits}")
    groups = np.arange(30) // 3 if name == "groups" else None
    for copy in (clone(splitter, safe=False), pickle.loads(pickle.dumps(splitter))):
        for (_, expected), (_, found) in zip(
            splitter.split(Y, Y, groups), copy.split(Y, Y, groups), strict=True
        ):
            assert_array_equal(found, expected)


def test_grid_search_and_cross_validation():
    X, y = np.random.RandomState(0).normal(size=(90, 3)), long_tail(90, 3, rarest=0.3)
    groups = np.arange(90) // 3
    search = GridSearchCV(
        KNeighborsClassifier(),
        {"n_neighbors": [1, 3]},
        scoring="f1_macro",
        cv=SPLITTERS["groups"],
        error_score="raise",
    )
    search.fit(X, y, groups=groups)
    assert search.n_splits_ == 3
    for name in ("folds", "shuffle"):
        found = cross_validate(
            KNeighborsClassifier(), X, y, cv=SPLITTERS[name], scoring="f1_macro"
        )
        assert np.isfinite(found["test_score"]).all()


def test_groups_are_routed():
    X, y = np.zeros((60, 2)), long_tail(60, 3, rarest=0.3)
    groups = np.arange(60) // 3
    model = MultiOutputClassifier(DummyClassifier())
    with sklearn.config_context(enable_metadata_routing=True):
        found = cross_validate(model, X, y, cv=SPLITTERS["groups"], params={"groups": groups})
        assert len(found["test_score"]) == 3
        with pytest.raises(TypeError, match="unexpected argument"):
            cross_validate(model, X, y, cv=SPLITTERS["folds"], params={"groups": groups})


# -- beside iterative-stratification -----------------------------------------------------------


def compare(y, n_folds, n_seeds):
    """Means over seeds of what is compared, theirs and ours, and folds without a class."""
    peers = pytest.importorskip("iterstrat.ml_stratifiers")
    found = {}
    for kind in (peers.MultilabelStratifiedKFold, MultilabelStratifiedKFold):
        folds = [
            fold_numbers(kind(n_folds, shuffle=True, random_state=seed), y)
            for seed in range(n_seeds)
        ]
        pairs = pairs_of_classes(y)
        found[kind] = (
            np.mean([label_distribution(y, fold) for fold in folds]),
            np.mean([label_distribution(pairs, fold) for fold in folds]),
            [(counts_by_fold(y, fold) == 0).sum() for fold in folds],
        )
    return found.values()


def check_beside_iterative_stratification(y, n_folds, n_seeds):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with fewer samples than folds
        theirs, ours = compare(y, n_folds, n_seeds)
    assert ours[0] <= theirs[0] + 1e-12
    assert ours[1] <= theirs[1] + 1e-12
    assert max(ours[2]) <= min(theirs[2])


@pytest.mark.parametrize("n_folds", [3, 5, 10])
def test_spread_is_no_worse_than_that_of_iterative_stratification(n_folds):
    for seed, y in enumerate([long_tail(300, 12), long_tail(400, 30, rarest=0.005)]):
        check_beside_iterative_stratification(y, n_folds, 3 + seed)


@pytest.mark.skipif("MLRESAMPLE_DATA" not in os.environ, reason="MLRESAMPLE_DATA is not set")
@pytest.mark.parametrize("data", ["yeast", "birds", "enron", "hpa2018_train"])
def test_spread_of_real_targets_is_no_worse_than_that_of_iterative_stratification(data):
    stored = np.load(Path(os.environ["MLRESAMPLE_DATA"]) / f"{data}.npz", allow_pickle=False)
    parts = tuple(stored[f"y_{part}"] for part in ("data", "indices", "indptr"))
    y = sp.csr_array(parts, shape=tuple(stored["y_shape"])).toarray().astype(np.int64)
    check_beside_iterative_stratification(y, 5, 3)
