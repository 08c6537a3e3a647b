"""Multi-label digits."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits

from mlresample.datasets import make_multilabel_digits


def test_images_and_targets_have_the_documented_form():
    X, y, class_names = make_multilabel_digits(300, random_state=0)
    assert X.shape == (300, 1, 20, 20)
    assert X.dtype == np.uint8
    assert X.max() == 255
    assert y.shape == (300, 10)
    assert set(np.unique(y)) == {0, 1}
    assert class_names[0] == "zero"
    assert class_names[9] == "nine"


def test_an_image_shows_as_many_scans_as_it_has_classes():
    X, y, _ = make_multilabel_digits(300, random_state=0)
    corners = X.reshape(300, 2, 10, 2, 10).any(axis=(2, 4)).sum(axis=(1, 2))
    assert_array_equal(corners, y.sum(axis=1))
    assert set(corners) == {1, 2, 3, 4}


def test_image_of_one_digit_is_a_real_scan_of_it():
    digits = load_digits()
    known = {
        (scan * 255 // 16).astype(np.uint8).tobytes(): label
        for scan, label in zip(digits.images, digits.target, strict=True)
    }
    X, y, _ = make_multilabel_digits(300, random_state=0)
    for image, target in zip(X[:, 0], y, strict=True):
        for top in range(13):
            for left in range(13):
                label = known.get(image[top : top + 8, left : left + 8].tobytes())
                if label is not None:
                    assert target[label] == 1
                    target[label] = 0
        assert not target.any()


def test_frequencies_fall_by_a_power_law():
    counts = make_multilabel_digits(5000, random_state=0)[1].sum(axis=0)
    assert list(counts) == sorted(counts, reverse=True)
    assert counts[0] > 30 * counts[9]
    even = make_multilabel_digits(5000, exponent=0, random_state=0)[1].sum(axis=0)
    assert even.max() < 1.2 * even.min()


def test_no_scan_is_in_both_subsets_and_targets_differ():
    train, y_train, _ = make_multilabel_digits(3000, exponent=0, random_state=0)
    test, y_test, _ = make_multilabel_digits(3000, exponent=0, subset="test", random_state=0)
    assert (y_train != y_test).any(axis=1).mean() > 0.5

    def scans(X):
        cells = X.reshape(-1, 2, 10, 2, 10).transpose(0, 1, 3, 2, 4).reshape(-1, 10, 10)
        shifted = [cells[:, i : i + 8, j : j + 8] for i in range(3) for j in range(3)]
        # A window that holds all of a cell's ink is the scan, or the scan moved.
        return {
            window.tobytes()
            for windows in shifted
            for window, cell in zip(windows, cells, strict=True)
            if window.any() and window.sum() == cell.sum()
        }

    assert not scans(train) & scans(test)


def test_same_seed_same_images():
    first, again = (make_multilabel_digits(50, random_state=3) for _ in range(2))
    assert_array_equal(first[0], again[0])
    assert_array_equal(first[1], again[1])
    assert (first[0] != make_multilabel_digits(50, random_state=4)[0]).any()


@pytest.mark.parametrize(
    "parameters", [{"n_samples": 0}, {"subset": "validation"}, {"exponent": -1}]
)
def test_wrong_parameter_is_named(parameters):
    with pytest.raises(ValueError, match=f"'{next(iter(parameters))}' parameter"):
        make_multilabel_digits(**parameters)
