"""What people use today, written as they write it."""

import math
from collections import Counter, defaultdict
from importlib.util import find_spec

import numpy as np
import torch
from imblearn.over_sampling import RandomOverSampler


def label_lists(y):
    """Labels as lists of class numbers: what is left of a label file after reading it."""
    return [row.tolist() for row in np.split(y.indices, y.indptr[1:-1])]


def dataset_dicts(lists):
    """Labels as object detection libraries hold them; a class has one annotation for all."""
    annotations = [{"category_id": c} for c in range(1 + max(map(max, filter(None, lists))))]
    return [{"annotations": [annotations[c] for c in labels]} for labels in lists]


def list_recipe(lists, cap):
    """Multipliers and epoch of the Kaggle recipe, from a list of classes an image."""
    counts = Counter(c for labels in lists for c in labels)
    target = sorted(counts.values())[len(counts) // 2]
    multiplier = {c: min(cap, max(1, round(target / n))) for c, n in counts.items()}
    epoch = []
    for i, labels in enumerate(lists):
        epoch.extend([i] * max([multiplier[c] for c in labels], default=1))
    return epoch


def repeat_factors(dicts, threshold):
    """r(I) = max over c in I of max(1, sqrt(t / f(c))), one image after the other."""
    frequency = defaultdict(int)
    for image in dicts:
        for c in {annotation["category_id"] for annotation in image["annotations"]}:
            frequency[c] += 1
    share = {c: n / len(dicts) for c, n in frequency.items()}
    factor = {c: max(1.0, math.sqrt(threshold / f)) for c, f in share.items()}
    factors = []
    for image in dicts:
        classes = {annotation["category_id"] for annotation in image["annotations"]}
        factors.append(max({factor[c] for c in classes}, default=1.0))
    return torch.tensor(factors)


def index_loop(multipliers, generator):
    """An epoch's indices, image by image."""
    indices = []
    for i, multiplier in enumerate(multipliers):
        repeats = int(multiplier) + (generator.uniform() < multiplier % 1)
        for _ in range(repeats):
            indices.append(i)
    return indices


def floor_and_random(multipliers, random):
    """The same for all images at once; `random` draws n numbers in [0, 1)."""
    repeats = np.floor(multipliers + random(len(multipliers))).astype(np.int64)
    return np.repeat(np.arange(len(multipliers)), repeats)


def multinomial(weights, n):
    """What WeightedRandomSampler does: drawing with replacement."""
    return torch.multinomial(weights, n, replacement=True).tolist()


def random_over_sampler(X, labels):
    """imbalanced-learn's random over-sampling, for one label a sample."""
    return RandomOverSampler(random_state=0).fit_resample(X, labels)


def label_sets(y):
    """Number the distinct sets of labels, to make one label a sample of several."""
    return np.unique(np.packbits(y, axis=1), axis=0, return_inverse=True)[1].reshape(-1)


def class_balanced_dataset(lists, threshold):
    """mmengine's repeat factors, where it is installed; None elsewhere."""
    if find_spec("mmengine") is None:
        return None
    from mmengine.dataset import BaseDataset, ClassBalancedDataset

    class Labels(BaseDataset):
        def load_data_list(self):
            return [{"labels": labels} for labels in lists]

        def get_cat_ids(self, index):
            return self.get_data_info(index)["labels"]

    dataset = Labels(serialize_data=False)
    dataset.full_init()
    return lambda: ClassBalancedDataset(dataset, oversample_thr=threshold)


def imbalanced_dataset_sampler(labels):
    """torchsampler's single-label sampler, where it and its torchvision are; None elsewhere."""
    if find_spec("torchsampler") is None or find_spec("torchvision") is None:
        return None
    from torchsampler import ImbalancedDatasetSampler

    return lambda: ImbalancedDatasetSampler(range(len(labels)), labels=labels)
