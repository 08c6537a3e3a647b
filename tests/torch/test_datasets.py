"""The resampled view of a dataset, weights, labels and batches."""

import pickle

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
    Subset,
    TensorDataset,
    WeightedRandomSampler,
)

from mlresample import plan_resampling  # noqa: E402
from mlresample.torch import (  # noqa: E402
    ResampledDataset,
    augment_copies,
    dataset_target,
    loader_options,
    sampling_weights,
)

RANDOM = np.random.RandomState(0)
Y = (RANDOM.uniform(size=(60, 5)) < [0.9, 0.5, 0.2, 0.1, 0.05]).astype(int)
PLAN = plan_resampling(Y, target="mean", floor=0.5, cap=3.5)


class Images(Dataset):
    """Counts what is loaded; pickles to workers."""

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
    repeats = PLAN.draw(np.random.RandomState([3, 0]))
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


def test_view_goes_through_a_shuffling_loader_with_workers():
    resampled = ResampledDataset(Images(), PLAN, return_is_copy=True)
    loader = DataLoader(resampled, batch_size=7, shuffle=True, num_workers=2)
    images, _, masks = zip(*loader, strict=True)
    given = torch.cat(images)[:, 0, 0, 0].int().numpy()
    assert_array_equal(np.sort(given), np.sort(resampled.indices))
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


def test_other_length_and_iterable_style_are_refused():
    with pytest.raises(ValueError, match="made for 60 samples, the dataset has 59"):
        ResampledDataset(range(59), PLAN)

    class Stream(IterableDataset):
        def __iter__(self):
            return iter(range(60))

    with pytest.raises(TypeError, match=r"not a map-style dataset.*write its data in that order"):
        ResampledDataset(Stream(), PLAN)


# -- weights -----------------------------------------------------------------------------------


def test_weights_are_the_multipliers_in_float64():
    weights = sampling_weights(PLAN)
    assert weights.dtype is torch.float64
    assert_array_equal(weights.numpy(), PLAN.sample_multipliers)


def test_sampling_with_replacement_misses_samples_where_the_plan_does_not():
    plan = plan_resampling(np.repeat(np.eye(2, dtype=int), [3000, 300], axis=0))
    generator = torch.Generator().manual_seed(0)
    sampler = WeightedRandomSampler(sampling_weights(plan), plan.epoch_size, generator=generator)
    ones = plan.sample_multipliers == 1
    missed = np.bincount(list(sampler), minlength=3300)[ones] == 0
    assert abs(missed.mean() - np.exp(-1)) < 4.5 * np.sqrt(0.25 / ones.sum())
    assert (plan.draw(0)[ones] == 1).all()


def test_more_samples_than_multinomial_can_choose_from_are_refused():
    with pytest.raises(ValueError, match=r"16,777,216 samples, the plan has 16,777,217"):
        sampling_weights(np.ones(2**24 + 1))


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
    y = dataset_target(dataset, **parameters)
    assert_array_equal(dense(y), Y)
    plan = plan_resampling(y)
    assert_array_equal(plan.sample_multipliers, plan_resampling(Y).sample_multipliers)


def test_target_of_subsets_and_concatenations_follows_their_order():
    first, second = Labelled(targets=Y), Labelled(targets=Y[::-1].copy())
    both = ConcatDataset([Subset(first, [3, 1]), second])
    assert_array_equal(dense(dataset_target(both)), np.vstack([Y[[3, 1]], Y[::-1]]))
    lists = ConcatDataset([Labelled(targets=ROWS), Labelled(targets=ROWS)])
    assert_array_equal(dense(dataset_target(lists, n_classes=5)), np.vstack([Y, Y]))
    sparse = ConcatDataset([Labelled(targets=sp.csr_array(Y)), Labelled(targets=Y)])
    assert_array_equal(dense(dataset_target(sparse)), np.vstack([Y, Y]))


def test_one_class_number_a_sample_is_single_label():
    numbers = RANDOM.randint(0, 3, 60)
    y = dataset_target(Labelled(targets=numbers.tolist()))
    assert_array_equal(plan_resampling(y).class_counts, np.bincount(numbers))
    y = dataset_target(Labelled(targets=numbers), n_classes=4)
    assert_array_equal(plan_resampling(y).class_counts, np.bincount(numbers, minlength=4))


def test_progress_is_told_on_standard_error(capsys):
    dataset_target(Labelled(), lambda i: ROWS[i], n_classes=5, progress=True)
    output = capsys.readouterr()
    assert output.out == ""
    assert "60 of 60 samples" in output.err


def test_labels_that_are_not_there_or_not_class_numbers_are_clear_errors():
    with pytest.raises(TypeError, match="no 'targets' or 'labels': pass labels="):
        dataset_target(Labelled())
    with pytest.raises(TypeError, match="no 'classes'"):
        dataset_target(Labelled(targets=Y), "classes")
    with pytest.raises(ValueError, match=r"sample 1, \[5\], are not all from 0 to 4"):
        dataset_target(Labelled(targets=[[0], [5]]), n_classes=5)
    with pytest.raises(ValueError, match=r"sample 0, .* are not all from 0 to 4"):
        dataset_target(Labelled(targets=[[-1], [3]]), n_classes=5)
    with pytest.raises(ValueError, match="sample 1 are not class numbers"):
        dataset_target(Labelled(targets=[[0], ["cat"]]), n_classes=5)

    class Stream(IterableDataset):
        def __iter__(self):
            return iter(range(60))

    with pytest.raises(TypeError, match="iterable-style"):
        dataset_target(Stream())


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
    with pytest.raises(ValueError, match="one bool for each of the 2 images"):
        augment_copies(images, torch.tensor([0, 1]), torch.neg)
    with pytest.raises(ValueError, match="one bool for each of the 2 images"):
        augment_copies(images, torch.tensor([True]), torch.neg)
    with pytest.raises(ValueError, match="must keep the shape"):
        augment_copies(images, torch.tensor([True, False]), lambda batch: batch[..., :1])


@pytest.mark.parametrize("num_workers", [0, 1, None])
@pytest.mark.parametrize("device", ["cpu", "cuda", None])
def test_loader_takes_the_recommended_options(num_workers, device):
    options = loader_options(num_workers=num_workers, device=device)
    assert options["pin_memory"] is (device == "cuda" or torch.cuda.is_available())
    DataLoader(range(4), **options)
