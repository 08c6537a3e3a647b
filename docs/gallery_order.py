"""The order of the examples in the gallery."""

from pathlib import Path

EXAMPLES = [
    "quickstart.py",
    "plan_from_csv.py",
    "grid_search_caps.py",
    "budgeted_epoch.py",
    "instance_counts.py",
    "unknown_labels.py",
    "thresholds_and_probabilities.py",
    "compare_recipes.py",
    "annotate_digits.py",
    "train_digits_torch.py",
    "grid_search_network.py",
    "augment_copies.py",
    "migrate.py",
    "large_targets.py",
    "train_multilabel.py",
]


class ExampleOrder:
    """Sort key of sphinx-gallery: a new example that is not listed above is an error."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, filename):
        """Return the place of an example."""
        return EXAMPLES.index(Path(filename).name)
