"""The resampled view of a dataset, weights, labels and batches."""

import pickle
from collections import UserDict, namedtuple

import numpy as np
import pytest
from numpy.testing import assert_array_equal

torch = pytest.importorskip("torch", reason="torch is not installed")

import scipy.sparse as sp  # noqa: E402
from torch.utils.data import (  # noqa: E402
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    random_split,
)

from mlresample import plan_resampling  # noqa: E402
from mlresample.torch import (  # noqa: E402
    ResampledDataset,
    augment_copies,
    collect_targets,
    loader_options,
)

RANDOM = np.random.RandomState(0)
Y = (RANDOM.uniform(size=(60, 5)) < [0.9, 0.5, 0.2, 0.1, 0.05]).astype(int)
PLAN = plan_resampling(Y, target_count="mean", floor=0.5, cap=3.5)


class Images(Dataset):
    """Counts what is loaded."""

    def __init__(self):
        self.targets = Y
        self.loaded = []

    def __len__(self):
        return 60

    def __getitem__(self, index):
        self.loaded.append(index)
        return torch.full((1, 2, 2), float(index)), torch.tensor(Y[index])


def test_view_has_the_kept_originals_in_order_then_the_copies():
    resampled = ResampledDataset(Images(), PLAN, seed=3)
    repeats = PLAN.draw_repeats(np.random.RandomState([3, 0]))
    assert len(resampled) == PLAN.epoch_size == len(resampled.is_copy)
    originals = resampled.indices[~resampled.is_copy]
    assert_array_equal(originals, np.flatnonzero(repeats))
    assert_array_equal(np.bincount(resampled.indices, minlength=60), repeats)
    for position in (0, len(originals), len(resampled) - 1):
        image, target = resampled[position]
        assert (image == resampled.indices[position]).all()
        assert_array_equal(target, Y[resampled.indices[position]])


def test_no_item_is_loaded_before_it_is_asked_for():
    images = Images()
    resampled = ResampledDataset(images, PLAN)
    assert images.loaded == []
    resampled[5]
    assert images.loaded == [resampled.indices[5]]


def test_transform_touches_the_copies_only_and_the_mask_says_which():
    data = torch.arange(60.0)
    resampled = ResampledDataset(data, PLAN, copy_transform=torch.neg, return_is_copy=True)
    for position, (item, is_copy) in enumerate(resampled):
        assert is_copy == resampled.is_copy[position]
        expected = resampled.indices[position]
        assert item == (-expected if is_copy else expected)


def test_mask_joins_tuples_and_dicts():
    plan = [1.0, 2.0]
    pairs = ResampledDataset([("a", 0), ("b", 1)], plan, return_is_copy=True)
    assert list(pairs) == [("a", 0, False), ("b", 1, False), ("b", 1, True)]
    dicts = ResampledDataset([{"x": 0}, {"x": 1}], plan, return_is_copy=True)
    assert dicts[2] == {"x": 1, "is_copy": True}
    mappings = ResampledDataset([UserDict(x=0), UserDict(x=1)], plan, return_is_copy=True)
    assert mappings[2] == {"x": 1, "is_copy": True}
    with pytest.raises(ValueError, match="already has a key 'is_copy'"):
        ResampledDataset(dicts, [1.0, 1.0, 2.0], return_is_copy=True)[0]


Sample = namedtuple("Sample", ["image", "label"])


@pytest.mark.parametrize("item", [Sample(4, 1), [5, 7]])
def test_namedtuples_and_lists_stay_whole_beside_the_mask(item):
    resampled = ResampledDataset([item], [2.0], return_is_copy=True)
    assert list(resampled) == [(item, False), (item, True)]
    assert type(resampled[0][0]) is type(item)


def test_dataset_of_another_length_than_at_first_is_refused():
    images = list(range(60))
    resampled = ResampledDataset(images, PLAN)
    assert resampled[3] == resampled.indices[3]
    images.append(60)
    with pytest.raises(ValueError, match=r"had 60 samples when .* but has 61 now"):
        resampled[3]


def test_frames_whose_indices_are_columns_or_labels_are_refused():
    pd = pytest.importorskip("pandas")
    for frame in (pd.DataFrame(np.eye(3)), pd.Series([1, 2, 3], index=[2, 0, 1])):
        with pytest.raises(TypeError, match=r"return items by position, got (DataFrame|Series)"):
            ResampledDataset(frame, [1.0, 1.0, 2.0])


def test_transform_that_is_none_of_an_item_or_no_function_is_refused():
    with pytest.raises(TypeError, match="must return the item, got None"):
        ResampledDataset([0], [2.0], copy_transform=lambda item: None)[1]
    with pytest.raises(TypeError, match="copy_transform must be None or callable, got list"):
        ResampledDataset([0], [2.0], copy_transform=[abs])


def test_view_goes_through_a_shuffling_loader_with_workers():
    # Not a class of this file: workers that are not forked could not import it.
    numbers = TensorDataset(torch.arange(60))
    resampled = ResampledDataset(numbers, PLAN, return_is_copy=True)
    loader = DataLoader(resampled, batch_size=7, shuffle=True, num_workers=2)
    batches, masks = zip(*loader, strict=True)
    assert_array_equal(np.sort(torch.cat(batches)), np.sort(resampled.indices))
    assert torch.cat(masks).sum() == resampled.is_copy.sum()


def test_same_seed_same_view_and_others_differ():
    first = ResampledDataset(Images(), PLAN, seed=1).indices
    assert_array_equal(ResampledDataset(Images(), PLAN, seed=1).indices, first)
    assert (ResampledDataset(Images(), PLAN, seed=2).indices != first).any()
    again = pickle.loads(pickle.dumps(ResampledDataset(Images(), PLAN, seed=1)))
    assert_array_equal(again.indices, first)


def test_index_beyond_the_end_is_an_error_and_negative_ones_count_from_it():
    resampled = ResampledDataset(range(60), PLAN)
    assert resampled[-1] == resampled[len(resampled) - 1]
    with pytest.raises(IndexError):
        resampled[len(resampled)]
    with pytest.raises(TypeError, match="slice"):
        resampled[:2]


def test_other_length_and_iterable_style_are_refused():
    with pytest.raises(ValueError, match="made for 60 samples, but the dataset has 59"):
        ResampledDataset(range(59), PLAN)

    class Stream(IterableDataset):
        def __iter__(self):
            return iter(range(60))

    with pytest.raises(TypeError, match=r"not a map-style dataset.*RepeatStream repeats"):
        ResampledDataset(Stream(), PLAN)


# -- batches of the view -----------------------------------------------------------------------


class Batches(Dataset):
    """Fetches batches as a whole, and counts them."""

    def __init__(self):
        self.fetched = []

    def __len__(self):
        return 60

    def __getitem__(self, index):
        (item,) = self.__getitems__([index])
        return item

    def __getitems__(self, indices):
        self.fetched.append(list(indices))
        return [{"x": torch.tensor([2.0 * index])} for index in indices]


def hugging_face():
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    return datasets.Dataset.from_dict({"x": np.arange(60.0)}).with_format("torch")


def test_rows_of_a_hugging_face_dataset_are_selected_anew_for_each_epoch():
    rows = hugging_face()
    epochs = [rows.select(PLAN.draw_indices(epoch))["x"][:] for epoch in range(2)]
    for epoch, items in enumerate(epochs):
        assert_array_equal(np.sort(items), np.repeat(np.arange(60), PLAN.draw_repeats(epoch)))
    assert not np.array_equal(np.sort(epochs[0]), np.sort(epochs[1]))


def negated(item):
    if isinstance(item, tuple):
        return (-item[0], *item[1:])
    return item | {"x": -item["x"]} if isinstance(item, dict) else -item


DATASETS = {
    "list": lambda: list(range(60)),
    "tensor": lambda: torch.arange(60),
    "tensors": lambda: TensorDataset(torch.arange(60), torch.tensor(Y)),
    "batches": Batches,
    "subset of batches": lambda: Subset(Batches(), range(59, -1, -1)),
    "subset of items": lambda: Subset(Images(), range(59, -1, -1)),
    "stack": lambda: StackDataset(Images(), Batches()),
    "view": lambda: ResampledDataset(Batches(), np.arange(1, 61) % 2 * 2.0),
    "Hugging Face": hugging_face,
}
OPTIONS = [
    {},
    {"return_is_copy": True},
    {"copy_transform": negated},
    {"copy_transform": negated, "return_is_copy": True},
]


def assert_equal_items(first, second):
    torch.testing.assert_close(first, second, rtol=0, atol=0)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("make", DATASETS.values(), ids=DATASETS.keys())
def test_batch_has_the_items_that_single_indices_have(make, options):
    if make is DATASETS["stack"] and "copy_transform" in options:
        options = options | {"copy_transform": lambda pair: (negated(pair[0]), pair[1])}
    view = ResampledDataset(make(), PLAN, **options)
    n = len(view)
    for indices in ([0], [n - 1, 3, 3, -1, n - 1], RANDOM.permutation(n).tolist(), []):
        items = view.__getitems__(indices)
        assert type(items) is list
        assert_equal_items(items, [view[index] for index in indices])


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("num_workers", [0, 2])
def test_loader_fetches_the_same_batches_with_and_without_workers(num_workers, options):
    # Not a class of this file: workers that are not forked could not import it.
    numbers = Subset(torch.arange(60), range(60))
    options = {name: torch.neg if name == "copy_transform" else True for name in options}
    view = ResampledDataset(numbers, PLAN, **options)
    order = RANDOM.permutation(len(view)).tolist()
    loader = DataLoader(view, batch_size=7, sampler=order, num_workers=num_workers)
    expected = [
        default_collate([view[index] for index in order[start : start + 7]])
        for start in range(0, len(view), 7)
    ]
    assert_equal_items(list(loader), expected)


def test_loader_asks_the_dataset_once_per_batch():
    batches = Batches()
    view = ResampledDataset(batches, PLAN, return_is_copy=True)
    loader = DataLoader(view, batch_size=7, shuffle=True)
    assert len(list(loader)) == len(batches.fetched)
    assert_array_equal(np.sort(np.concatenate(batches.fetched)), np.sort(view.indices))


def errors(view, index):
    """Return the errors of one index and of a batch of it."""
    found = []
    for ask in (view.__getitem__, lambda index: view.__getitems__([0, index])):
        with pytest.raises(Exception, match=r".") as error:
            ask(index)
        found.append((type(error.value), str(error.value)))
    return found


@pytest.mark.parametrize("kind", ["list", "batches", "Hugging Face"])
def test_errors_of_a_batch_are_those_of_its_items(kind):
    view = ResampledDataset(DATASETS[kind](), PLAN, copy_transform=lambda item: None)
    for index in (len(view), -len(view) - 1, slice(2), 1.5, "0", len(view) - 1):
        single, batch = errors(view, index)
        assert single == batch
    assert single == (TypeError, "copy_transform must return the item, got None.")
    marked = ResampledDataset([{"is_copy": 0}] * 60, PLAN, return_is_copy=True)
    single, batch = errors(marked, 5)
    assert single == batch
    assert "already has a key 'is_copy'" in batch[1]
    longer = list(range(60))
    view = ResampledDataset(longer, PLAN)
    longer.append(60)
    single, batch = errors(view, 5)
    assert single == batch
    assert "had 60 samples" in batch[1]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (lambda indices: {"x": indices, "y": indices}, "dict"),
        (lambda indices: torch.tensor(indices), "Tensor"),
        (lambda indices: indices[1:], "list of 1"),
    ],
)
def test_batch_that_is_no_list_of_items_is_passed_on_but_cannot_be_marked(answer, found):
    class Collated(Batches):
        def __getitem__(self, index):
            return index

        def __getitems__(self, indices):
            return answer(indices)

    view = ResampledDataset(Collated(), [1.0] * 60)
    assert_equal_items(view.__getitems__([3, 5]), answer([3, 5]))
    for options in OPTIONS[1:]:
        view = ResampledDataset(Collated(), [1.0] * 60, **options)
        with pytest.raises(TypeError, match=f"one item per index, 2 in all, got {found}: return"):
            view.__getitems__([3, 5])


class OtherItems(Batches):
    def __getitem__(self, index):
        return index


class HandedOn(Dataset):
    def __init__(self):
        self.dataset = Batches()

    def __len__(self):
        return 60

    def __getitem__(self, index):
        return index

    def __getattr__(self, name):
        return getattr(self.dataset, name)


class NoBatches(OtherItems):
    __getitems__ = None


@pytest.mark.parametrize("kind", [OtherItems, HandedOn, NoBatches])
def test_batches_that_a_dataset_inherits_or_hands_on_do_not_replace_its_items(kind):
    assert ResampledDataset(kind(), [1.0] * 60).__getitems__([3, 5]) == [3, 5]


def test_subclass_of_the_view_that_changes_its_items_changes_those_of_batches():
    class Marked(ResampledDataset):
        def __getitem__(self, index):
            return index, super().__getitem__(index)

    assert Marked(range(60), [1.0] * 60).__getitems__([3, 5]) == [(3, 3), (5, 5)]


# -- weights -----------------------------------------------------------------------------------


def test_sampling_with_replacement_misses_samples_where_the_plan_does_not():
    plan = plan_resampling(np.repeat(np.eye(2, dtype=int), [3000, 300], axis=0))
    generator = torch.Generator().manual_seed(0)
    sampler = WeightedRandomSampler(plan.sample_multipliers, plan.epoch_size, generator=generator)
    ones = plan.sample_multipliers == 1
    missed = np.bincount(list(sampler), minlength=3300)[ones] == 0
    assert abs(missed.mean() - np.exp(-1)) < 4.5 * np.sqrt(0.25 / ones.sum())
    assert (plan.draw_repeats(0)[ones] == 1).all()


# -- labels ------------------------------------------------------------------------------------

ROWS = [np.flatnonzero(row).tolist() for row in Y]


def dense(y):
    if sp.issparse(y):
        return y.toarray()
    return np.asarray(y.cpu() if torch.is_tensor(y) else y)


class Labelled:
    def __init__(self, **attributes):
        vars(self).update(attributes)

    def __len__(self):
        return 60

    def __getitem__(self, index):
        raise AssertionError("no item is to be loaded")


@pytest.mark.parametrize(
    ("dataset", "parameters"),
    [
        (Labelled(targets=Y), {}),
        (Labelled(labels=Y.tolist()), {}),
        (Labelled(classes=torch.tensor(Y)), {"labels": "classes"}),
        (Labelled(targets=ROWS), {"n_classes": 5}),
        (Labelled(targets=[row * 2 for row in ROWS]), {"n_classes": 5}),  # boxes
        (Labelled(targets=[set(row) for row in ROWS]), {"n_classes": 5}),
        (Labelled(), {"labels": lambda i: ROWS[i], "n_classes": 5}),
        (Labelled(), {"labels": lambda i: torch.tensor(ROWS[i]), "n_classes": 5}),
        (Labelled(), {"labels": lambda i: torch.tensor(Y[i])}),
        (Labelled(), {"labels": lambda i: Y[i]}),
        (TensorDataset(torch.zeros(60, 3), torch.tensor(Y)), {}),
        (ConcatDataset([Labelled(targets=Y)]), {}),
        (Subset(Labelled(targets=Y), range(60)), {}),
        (Subset(Labelled(targets=ROWS), range(60)), {"n_classes": 5}),
    ],
)
def test_target_is_found_without_loading_an_item(dataset, parameters):
    y = collect_targets(dataset, **parameters)
    assert_array_equal(dense(y), Y)
    plan = plan_resampling(y)
    assert_array_equal(plan.sample_multipliers, plan_resampling(Y).sample_multipliers)


def test_target_of_subsets_and_concatenations_follows_their_order():
    first, second = Labelled(targets=Y), Labelled(targets=Y[::-1].copy())
    both = ConcatDataset([Subset(first, [3, 1]), second])
    assert_array_equal(dense(collect_targets(both)), np.vstack([Y[[3, 1]], Y[::-1]]))
    lists = ConcatDataset([Labelled(targets=ROWS), Labelled(targets=ROWS)])
    assert_array_equal(dense(collect_targets(lists, n_classes=5)), np.vstack([Y, Y]))
    sparse = ConcatDataset([Labelled(targets=sp.csr_array(Y)), Labelled(targets=Y)])
    assert_array_equal(dense(collect_targets(sparse)), np.vstack([Y, Y]))


def test_one_class_number_a_sample_is_single_label():
    numbers = RANDOM.randint(0, 3, 60)
    y = collect_targets(Labelled(targets=numbers.tolist()))
    assert_array_equal(plan_resampling(y).class_counts, np.bincount(numbers))
    y = collect_targets(Labelled(targets=numbers), n_classes=4)
    assert_array_equal(plan_resampling(y).class_counts, np.bincount(numbers, minlength=4))


def test_progress_is_told_on_standard_error(capsys):
    collect_targets(Labelled(), lambda i: ROWS[i], n_classes=5, progress=True)
    output = capsys.readouterr()
    assert output.out == ""
    assert "60 of 60 samples" in output.err


def test_labels_that_are_not_there_or_not_class_numbers_are_clear_errors():
    with pytest.raises(TypeError, match="no 'targets' or 'labels': pass as labels"):
        collect_targets(Labelled())
    with pytest.raises(TypeError, match="no 'classes'"):
        collect_targets(Labelled(targets=Y), "classes")
    with pytest.raises(ValueError, match=r"sample 1 must be from 0 to 4, got \[5\]"):
        collect_targets(Labelled(targets=[[0], [5]] * 30), n_classes=5)
    with pytest.raises(ValueError, match=r"sample 0 must be from 0 to 4, got"):
        collect_targets(Labelled(targets=[[-1], [3]] * 30), n_classes=5)
    with pytest.raises(ValueError, match="sample 1 must be class numbers"):
        collect_targets(Labelled(targets=[[0], ["cat"]] * 30), n_classes=5)
    with pytest.raises(ValueError, match=r"n_classes must be None or an integer >= 1, got 5\.0"):
        collect_targets(Labelled(targets=ROWS), n_classes=5.0)
    with pytest.raises(TypeError, match="plan_resampling"):
        collect_targets(Labelled(), ROWS)
    with pytest.raises(TypeError, match="TensorDataset of one tensor has only inputs"):
        collect_targets(TensorDataset(torch.tensor(Y)))

    class Stream(IterableDataset):
        def __iter__(self):
            return iter(range(60))

    with pytest.raises(TypeError, match="iterable-style"):
        collect_targets(Stream())

    class SizedStream(Stream):
        targets = Y

        def __len__(self):
            return 60

    with pytest.raises(TypeError, match="iterable-style"):
        collect_targets(SizedStream())


def test_function_of_numbers_that_a_view_gives_anew_is_refused_and_the_way_out_works():
    base = TensorDataset(torch.arange(60))
    subset, _ = random_split(base, [40, 20], torch.Generator().manual_seed(0))
    inner = Subset(subset, [3, 1])
    view = ResampledDataset(base, PLAN)

    class Wrapped(Dataset):
        def __init__(self, source):
            self.source = source

        def __len__(self):
            return len(self.source)

    views = [subset, inner, view, Wrapped(subset), Wrapped(Wrapped(inner))]
    views += [Wrapped([view]), Wrapped({"train": subset})]
    views += [ConcatDataset([base, subset]), ConcatDataset([Wrapped(ConcatDataset([inner]))])]
    functions = [
        (lambda i: ROWS[i], {"n_classes": 5}),
        (lambda i: torch.tensor(ROWS[i]), {"n_classes": 5}),
        (lambda i: torch.tensor(Y[i]), {}),
        (lambda i: Y[i], {}),
        (lambda i: Y[i].tolist(), {}),
    ]
    for f, parameters in functions:
        for dataset in views:
            with pytest.raises(ValueError, match="labels must not be a function for a "):
                collect_targets(dataset, f, **parameters)
        y = collect_targets(subset.dataset, f, **parameters)
        assert_array_equal(dense(y[subset.indices]), Y[subset.indices])
        assert_array_equal(dense(y[subset.indices][inner.indices]), Y[subset.indices][[3, 1]])
        assert_array_equal(dense(y[view.indices]), Y[view.indices])
    names = [[["cat"], ["cat", "dog"], []][i % 3] for i in range(60)]
    rows = collect_targets(base, lambda i: names[i])[[4, 5]]  # of different lengths
    assert list(rows) == [["cat", "dog"], []]


def test_dataset_that_holds_itself_is_no_view():
    first, second = TensorDataset(torch.arange(2)), TensorDataset(torch.arange(2))
    first.other, second.other, first.whole = second, first, first
    assert_array_equal(collect_targets(first, lambda i: 3 * i), [0, 3])


def test_numbers_of_a_function_run_through_all_parts_of_a_concatenation():
    both = ConcatDataset([TensorDataset(torch.arange(2)), TensorDataset(torch.arange(3))])
    assert_array_equal(collect_targets(both, lambda i: 10 * i), [0, 10, 20, 30, 40])


def test_target_of_a_resampled_view_follows_its_items():
    resampled = ResampledDataset(Images(), PLAN)
    assert_array_equal(collect_targets(resampled), Y[resampled.indices])


def test_attribute_of_another_length_or_without_an_order_is_refused():
    for targets in (np.zeros(200), ROWS[:40], sp.csr_array(np.eye(61)), torch.zeros(59, 5)):
        with pytest.raises(
            ValueError, match="'targets' of Labelled must have one row per sample, 60 in all"
        ):
            collect_targets(Labelled(targets=targets))
        with pytest.raises(ValueError, match="one row per sample, 60 in all"):
            collect_targets(Subset(Labelled(targets=targets), [0, 1]))
    for targets in (dict.fromkeys(range(60), 0), lambda: Y, "label"):
        with pytest.raises(TypeError, match="must hold the labels of each sample in order"):
            collect_targets(Labelled(targets=targets))


def test_lists_of_tensors_become_one_tensor():
    y = collect_targets(Labelled(targets=[torch.tensor(row) for row in Y]))
    assert_array_equal(y.numpy(), Y)
    y = collect_targets(Labelled(labels=[torch.tensor(row[1]) for row in Y]))
    assert_array_equal(y.numpy(), Y[:, 1])


@pytest.mark.filterwarnings("ignore:.*nested tensors is in prototype")
@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
def test_nested_tensors_hold_class_numbers(layout):
    rows = [torch.tensor(row, dtype=torch.int64) for row in ROWS]
    nested = Labelled(targets=torch.nested.nested_tensor(rows, layout=layout))
    assert_array_equal(collect_targets(nested, n_classes=5).toarray(), Y)
    y = collect_targets(Subset(nested, [7, 2]), n_classes=5)
    assert_array_equal(y.toarray(), Y[[7, 2]])


@pytest.mark.filterwarnings("ignore:.*support is in beta")
@pytest.mark.parametrize("sparse", [torch.Tensor.to_sparse, torch.Tensor.to_sparse_csr])
def test_sparse_tensors_are_refused_with_the_way_out(sparse):
    dataset = Labelled(targets=sparse(torch.tensor(Y)))
    for parameters in ({}, {"n_classes": 5}):
        with pytest.raises(TypeError, match=r"pass its to_dense\(\) to plan_resampling"):
            collect_targets(Subset(dataset, [7, 2]), **parameters)


@pytest.mark.parametrize("indices", [[True, False] * 30, np.arange(60) < 5, np.array([0.5, 2])])
def test_mask_as_indices_of_a_subset_is_refused(indices):
    with pytest.raises(TypeError, match=r"must be integer positions, got .* np\.flatnonzero"):
        collect_targets(Subset(Labelled(targets=Y), indices))
    assert len(collect_targets(Subset(Labelled(targets=Y), []))) == 0


@pytest.mark.parametrize("kind", [np.asarray, np.ndarray.tolist, torch.tensor, sp.csr_array])
def test_indicator_matrix_is_not_read_as_class_numbers(kind):
    with pytest.raises(ValueError, match="leave out n_classes"):
        collect_targets(Labelled(targets=kind(Y)), n_classes=5)


def test_booleans_are_not_class_numbers():
    with pytest.raises(ValueError, match="must be class numbers"):
        collect_targets(Labelled(targets=Y == 1), n_classes=5)
    with pytest.raises(ValueError, match="must be class numbers"):
        collect_targets(Labelled(targets=(Y[:, 1] == 1).tolist()), n_classes=2)


def test_class_numbers_0_and_1_of_each_sample_are_given_as_sets():
    y = collect_targets(Labelled(targets=[{0, 1}] * 60), n_classes=2)
    assert_array_equal(y.sum(axis=0), [60, 60])


def test_columns_of_frames_are_not_mixed_by_a_concatenation():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(Y, columns=list("abcde"))
    y = collect_targets(ConcatDataset([Labelled(targets=frame), Labelled(targets=frame[::-1])]))
    assert list(y.columns) == list("abcde")
    assert_array_equal(y, np.vstack([Y, Y[::-1]]))
    swapped = frame[list("bacde")]
    with pytest.raises(TypeError, match="column names"):
        collect_targets(ConcatDataset([Labelled(targets=frame), Labelled(targets=swapped)]))


def test_numbers_and_strings_of_a_concatenation_stay_what_they_are():
    numbers, strings = Labelled(targets=np.arange(60) % 2), Labelled(targets=np.array(["0"] * 60))
    y = collect_targets(ConcatDataset([numbers, strings]))
    with pytest.raises(ValueError, match="all strings or all numbers"):
        plan_resampling(y)


# -- batches -----------------------------------------------------------------------------------


def test_copies_of_a_batch_are_augmented_and_originals_are_not():
    images = torch.arange(24.0).reshape(4, 1, 2, 3)
    before = images.clone()
    mask = torch.tensor([False, True, False, True])
    result = augment_copies(images, mask, lambda batch: batch.flip(-1))
    assert torch.equal(result[~mask], images[~mask])
    assert torch.equal(result[mask], images[mask].flip(-1))
    assert torch.equal(images, before)


def test_batch_without_copies_does_not_call_the_augmentation():
    images = torch.ones(2, 1, 2, 2)
    assert torch.equal(augment_copies(images, torch.zeros(2, dtype=bool), None), images)


def test_wrong_mask_or_augmentation_is_refused():
    images = torch.ones(2, 1, 2, 2)
    with pytest.raises(ValueError, match="one bool per image, 2 in all"):
        augment_copies(images, torch.tensor([0, 1]), torch.neg)
    with pytest.raises(ValueError, match="one bool per image, 2 in all"):
        augment_copies(images, torch.tensor([True]), torch.neg)
    with pytest.raises(ValueError, match="must keep the shape"):
        augment_copies(images, torch.tensor([True, False]), lambda batch: batch[..., :1])
    for result in (None, [images[:1]]):
        with pytest.raises(TypeError, match="augment must return a tensor of images, got"):
            augment_copies(
                images, torch.tensor([True, False]), lambda batch, result=result: result
            )
    with pytest.raises(TypeError, match="images must be a tensor, got ndarray"):
        augment_copies(images.numpy(), torch.tensor([True, False]), torch.neg)


@pytest.mark.parametrize(
    ("dtype", "augment"),
    [
        (torch.uint8, lambda batch: batch.float() / 255),  # all black
        (torch.uint8, lambda batch: batch.float() * 1.5),  # wraps around
        (torch.uint8, lambda batch: batch.int() + 20),
        (torch.float32, lambda batch: (batch * 255).byte()),  # 255 times as bright
        (torch.float32, lambda batch: batch > 0.5),
        (torch.bool, lambda batch: batch.int() * 2),
    ],
)
def test_augmentation_that_changes_the_kind_of_numbers_is_refused(dtype, augment):
    images = torch.tensor([[0, 1], [250, 1]]).to(dtype)
    with pytest.raises(TypeError, match=r"must keep the dtype .* augment_copies\(images\.float"):
        augment_copies(images, torch.tensor([False, True]), augment)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_floats_of_another_precision_become_those_of_the_batch(dtype):
    images = torch.tensor([[0.5], [0.25]])
    mask = torch.tensor([False, True])
    result = augment_copies(images, mask, lambda batch: 2 * batch.to(dtype))
    assert torch.equal(result, torch.tensor([[0.5], [0.5]]))


@pytest.mark.parametrize("num_workers", [0, 1, None])
@pytest.mark.parametrize("device", ["cpu", "cuda", None])
def test_loader_takes_the_recommended_options(num_workers, device):
    options = loader_options(num_workers=num_workers, device=device)
    expected = torch.cuda.is_available() if device is None else device == "cuda"
    assert options["pin_memory"] is expected
    DataLoader(range(4), **options)


@pytest.mark.parametrize("device", ["mps", "meta", "cpu"])
def test_memory_is_not_pinned_for_devices_that_cannot_use_it(device):
    assert not loader_options(num_workers=0, device=device)["pin_memory"]


@pytest.mark.parametrize(
    ("n_cores", "n_processes", "expected"),
    [(16, "4", 3), (16, "1", 8), (16, None, 8), (6, None, 5), (8, "8", 0), (1, "2", 0)],
)
def test_processes_of_one_machine_share_its_cores(monkeypatch, n_cores, n_processes, expected):
    monkeypatch.setattr("mlresample.torch._batches.cpu_count", lambda: n_cores)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    if n_processes is not None:
        monkeypatch.setenv("LOCAL_WORLD_SIZE", n_processes)
    assert loader_options(device="cpu")["num_workers"] == expected
    assert loader_options(device="cpu", num_workers=np.int64(2))["num_workers"] == 2


@pytest.mark.parametrize("num_workers", [-1, 1.0, True, "4"])
def test_number_of_workers_is_an_integer_from_0(num_workers):
    with pytest.raises(ValueError, match="num_workers must be None or an integer >= 0, got"):
        loader_options(num_workers=num_workers)
