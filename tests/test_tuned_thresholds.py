"""The classifier that tunes its thresholds: with resampling, in searches, and in scikit-learn."""

import pickle

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from imblearn.pipeline import make_pipeline
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_array
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.multiclass import unique_labels

from mlresample import MaxMultiplierOverSampler
from mlresample.datasets import make_multilabel_digits
from mlresample.model_selection import MultilabelTunedThresholdClassifierCV, tune_thresholds

TREES = ExtraTreesClassifier(20, random_state=0)


def digits(n_samples=300, n_classes=6, **options):
    X, y, _ = make_multilabel_digits(n_samples, random_state=0, **options)
    return X.reshape(len(X), -1) / 255, y[:, :n_classes].astype(int)


X, Y = digits()


def macro_f1(y, predicted):
    return f1_score(y, predicted, average="macro", zero_division=0)


# -- resampling --------------------------------------------------------------------------------


def out_of_fold_macro_f1(classifier, X, y):
    """Return the macro-F1 of thresholds tuned on the same out-of-fold scores."""
    scores = np.empty(y.shape)
    for train, test in KFold(3, shuffle=True, random_state=0).split(X):
        fitted = clone(classifier).fit(X[train], y[train])
        model = MultilabelTunedThresholdClassifierCV(fitted, cv="prefit").fit(X[test], y[test])
        scores[test] = model.predict_proba(X[test])
    return macro_f1(y, scores >= tune_thresholds(y, scores, shrinkage=0))


def test_tuning_after_the_sampler_leaks_and_tuning_around_it_does_not():
    X, y = digits(n_classes=10)
    sampler = MaxMultiplierOverSampler(target_count="max", cap=8, random_state=0)
    assert out_of_fold_macro_f1(TREES, *sampler.fit_resample(X, y)) > 0.95
    assert out_of_fold_macro_f1(make_pipeline(sampler, TREES), X, y) < 0.5

    X_new, y_new = digits(n_classes=10, subset="test")
    inside = make_pipeline(
        sampler, MultilabelTunedThresholdClassifierCV(TREES, cv=3, random_state=0)
    )
    around = MultilabelTunedThresholdClassifierCV(
        make_pipeline(sampler, TREES), cv=3, random_state=0
    )
    found = [macro_f1(y_new, model.fit(X, y).predict(X_new)) for model in (inside, around)]
    assert found[1] > found[0] + 0.05


def test_folds_that_tune_are_not_resampled():
    pipeline = make_pipeline(MaxMultiplierOverSampler(random_state=0), TREES)
    rows = []

    class Folds(KFold):
        def split(self, X, y=None, groups=None):
            for train, test in super().split(X):
                rows.append(test)
                yield train, test

    MultilabelTunedThresholdClassifierCV(pipeline, cv=Folds(3)).fit(X, Y)
    assert_array_equal(np.concatenate(rows), np.arange(len(X)))


def test_scikit_learns_own_refuses_multilabel_and_is_ignored_in_one_vs_rest():
    binary_tuner = TunedThresholdClassifierCV(LogisticRegression(), scoring="f1", cv=3)
    with pytest.raises(ValueError, match="Only binary classification"):
        binary_tuner.fit(X, Y)
    wide = (X[:, ::8], Y[:, :4])
    ignored = OneVsRestClassifier(binary_tuner).fit(*wide)
    plain = OneVsRestClassifier(LogisticRegression()).fit(*wide)
    assert any(abs(estimator.best_threshold_ - 0.5) > 0.1 for estimator in ignored.estimators_)
    assert_array_equal(ignored.predict(wide[0]), plain.predict(wide[0]))


# -- every kind of classifier ------------------------------------------------------------------

CLASSIFIERS = {
    "trees": TREES,
    "neighbors": KNeighborsClassifier(5),
    "one-vs-rest": OneVsRestClassifier(LogisticRegression()),
    "network": MLPClassifier((8,), solver="lbfgs", max_iter=20, random_state=0),
    "ridge": RidgeClassifier(),
    "one per class": MultiOutputClassifier(LogisticRegression()),
    "chain": ClassifierChain(LogisticRegression()),
    "pipeline": make_pipeline(MaxMultiplierOverSampler(random_state=0), KNeighborsClassifier()),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_predictions_are_scores_not_below_the_thresholds(kind):
    model = MultilabelTunedThresholdClassifierCV(CLASSIFIERS[kind], cv=3, random_state=0).fit(X, Y)
    method = "predict_proba" if hasattr(model, "predict_proba") else "decision_function"
    scores = getattr(model, method)(X)
    predicted = model.predict(X)
    assert scores.shape == predicted.shape == Y.shape
    assert predicted.dtype == np.int64
    assert_array_equal(predicted, scores >= model.thresholds_)
    assert_array_equal(model.classes_, range(6))
    assert hasattr(model, "decision_function") == hasattr(CLASSIFIERS[kind], "decision_function")


def test_thresholds_are_those_of_the_scores_out_of_fold():
    classifier = OneVsRestClassifier(LogisticRegression())
    folds = KFold(3, shuffle=True, random_state=7)
    model = MultilabelTunedThresholdClassifierCV(classifier, cv=folds).fit(X, Y)
    scores = np.empty(Y.shape)
    for train, test in folds.split(X):
        scores[test] = clone(classifier).fit(X[train], Y[train]).predict_proba(X[test])
    assert_array_equal(model.thresholds_, tune_thresholds(Y, scores))
    same = MultilabelTunedThresholdClassifierCV(classifier, cv=3, random_state=7).fit(X, Y)
    assert_array_equal(same.thresholds_, model.thresholds_)


def test_logarithms_are_of_the_probabilities():
    model = MultilabelTunedThresholdClassifierCV(TREES, cv=2).fit(X, Y)
    probabilities = model.predict_proba(X)
    assert (probabilities == 0).any()
    assert_array_equal(np.exp(model.predict_log_proba(X)).round(12), probabilities.round(12))
    assert not hasattr(
        MultilabelTunedThresholdClassifierCV(RidgeClassifier()), "predict_log_proba"
    )


@pytest.mark.parametrize("kind", ["one per class", "chain"])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_class_without_which_a_fold_cannot_be_fitted_is_named(kind, n_jobs):
    y = Y[:, :3].copy()
    y[:, 1] = 0
    y[100:110, 1] = 1  # of the second of three folds alone
    target = pytest.importorskip("pandas").DataFrame(y, columns=["cat", "lynx", "dog"])
    model = MultilabelTunedThresholdClassifierCV(CLASSIFIERS[kind], cv=KFold(3), n_jobs=n_jobs)
    message = r"fitted to the training part of fold 1: .*all samples or none carry 'lynx'\."
    with pytest.raises(ValueError, match=message):
        model.fit(X, target)


def test_other_errors_of_the_estimator_come_through():
    with pytest.raises(ValueError, match=r"^Input X contains NaN"):
        MultilabelTunedThresholdClassifierCV(KNeighborsClassifier()).fit(
            np.full_like(X, np.nan), Y
        )


@pytest.mark.parametrize("classifier", [TREES, KNeighborsClassifier(3), DummyClassifier()])
def test_class_that_a_fold_lacks_is_no_obstacle(classifier):
    y = Y.copy()
    y[:, 4] = 0
    y[0, 4] = 1  # not in the training part of one fold
    y[:, 5] = 1
    model = MultilabelTunedThresholdClassifierCV(classifier, cv=3, random_state=0).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert np.isfinite(model.thresholds_).all()
    y[:, 4] = 0
    assert not model.fit(X, y).predict_proba(X)[:, 4].any()


def test_binary_classifier_is_refused_with_the_way_out():
    class Single(DummyClassifier):
        def predict_proba(self, X):
            return np.ones((len(X), 2))

    with pytest.raises(ValueError, match=r"Single must return scores of shape \(n_samples, 6\)"):
        MultilabelTunedThresholdClassifierCV(Single()).fit(X, Y)


class ListOfScores(ClassifierMixin, BaseEstimator):
    """A classifier that returns a list of scores, and has the `classes_` that it was passed."""

    def __init__(self, classes=None):
        self.classes = classes

    def fit(self, X, y):
        self.trees_ = clone(TREES).fit(X, y)
        if self.classes is not None:
            self.classes_ = self.classes
        return self

    def predict_proba(self, X):
        return self.trees_.predict_proba(X)


@pytest.mark.parametrize("classes", [None, np.arange(6), [np.arange(3)] * 6, [[0, 1]] * 5])
def test_list_of_scores_whose_columns_are_unknown_is_refused(classes):
    with pytest.raises(ValueError, match="its classes_ must be the labels of each column"):
        MultilabelTunedThresholdClassifierCV(ListOfScores(classes), cv=2).fit(X, Y)


def test_list_of_scores_with_labels_is_read_by_them():
    model = MultilabelTunedThresholdClassifierCV(ListOfScores([[0, 1]] * 6), cv=2).fit(X, Y)
    expected = np.column_stack([p[:, 1] for p in model.estimator_.predict_proba(X)])
    assert_array_equal(model.predict_proba(X), expected)


class FrameOfScores(ListOfScores):
    """Returns scores as a frame whose columns are the classes in another order."""

    def __init__(self, library=None, names=None):
        super().__init__([[0, 1]] * 6)
        self.library, self.names = library, names

    def predict_proba(self, X):
        scores = [p[:, 1] for p in super().predict_proba(X)]
        named = dict(zip(self.names or "abcdef", scores, strict=True))
        frame = pytest.importorskip(self.library).DataFrame(named)
        return frame[sorted(named, reverse=True)] if self.names is None else frame


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_scores_are_read_by_their_names(library):
    y = pytest.importorskip("pandas").DataFrame(Y, columns=list("abcdef"))
    expected = MultilabelTunedThresholdClassifierCV(ListOfScores([[0, 1]] * 6), cv=2).fit(X, y)
    for names in (None, list("uvwxyz")):  # the classes' in another order; others
        model = MultilabelTunedThresholdClassifierCV(FrameOfScores(library, names), cv=2).fit(X, y)
        assert_array_equal(model.thresholds_, expected.thresholds_)
        assert_array_equal(model.predict(X), expected.predict(X))


class SparseScores(ListOfScores):
    """Returns scores as a sparse matrix."""

    def predict_proba(self, X):
        return sp.csr_array(np.column_stack([p[:, 1] for p in super().predict_proba(X)]))


def test_sparse_scores_are_read():
    model = MultilabelTunedThresholdClassifierCV(SparseScores(), cv=2, random_state=0).fit(X, Y)
    dense = ListOfScores([[0, 1]] * 6)
    expected = MultilabelTunedThresholdClassifierCV(dense, cv=2, random_state=0).fit(X, Y)
    assert_array_equal(model.thresholds_, expected.thresholds_)


def test_no_folds_are_an_error():
    with pytest.raises(ValueError, match="yields no folds"):
        MultilabelTunedThresholdClassifierCV(TREES, cv=[]).fit(X, Y)


def test_response_method_can_be_chosen():
    classifier = OneVsRestClassifier(LogisticRegression())
    model = MultilabelTunedThresholdClassifierCV(
        classifier, response_method="decision_function", cv=3
    )
    model.fit(X, Y)
    assert_array_equal(model.predict(X), model.decision_function(X) >= model.thresholds_)
    with pytest.raises(AttributeError):
        model.set_params(estimator=RidgeClassifier(), response_method="predict_proba").fit(X, Y)


# -- cv ----------------------------------------------------------------------------------------


def test_prefit_estimator_is_left_as_it_is():
    trees = clone(TREES).fit(X[:200], Y[:200])
    model = MultilabelTunedThresholdClassifierCV(trees, cv="prefit").fit(X[200:], Y[200:])
    assert model.estimator_ is trees
    expected = tune_thresholds(Y[200:], model.predict_proba(X[200:]))
    assert_array_equal(model.thresholds_, expected)
    with pytest.raises(NotFittedError):
        MultilabelTunedThresholdClassifierCV(clone(TREES), cv="prefit").fit(X, Y)


@pytest.mark.parametrize("length", [10, 301])
def test_mask_of_another_length_is_an_error(length):
    train = np.arange(length) % 2 == 0
    for fold in [(train, np.arange(0, 300, 2)), (np.arange(0, 300, 2), ~train)]:
        model = MultilabelTunedThresholdClassifierCV(
            TREES, cv=[(np.arange(9), np.arange(9)), fold]
        )
        with pytest.raises(
            IndexError, match=rf"mask of shape \({length},\) in fold 1, but X has 300"
        ):
            model.fit(X, Y)


@pytest.mark.parametrize(
    ("test", "error", "message"),
    [
        ([], ValueError, "got none in fold 0"),
        (np.zeros(300, dtype=bool), ValueError, "got none in fold 0"),
        (
            [1.0, 2.0],
            IndexError,
            r"vector of integers or a mask, got array\(\[1., 2.\]\) in fold 0",
        ),
        ([[1, 2]], IndexError, "vector of integers or a mask"),
    ],
)
def test_fold_that_is_no_rows_is_an_error(test, error, message):
    with pytest.raises(error, match=message):
        MultilabelTunedThresholdClassifierCV(TREES, cv=[(np.arange(200), test)]).fit(X, Y)


def test_folds_are_the_same_in_every_fit_by_default():
    model = MultilabelTunedThresholdClassifierCV(TREES)
    thresholds = model.fit(X, Y).thresholds_
    np.random.seed(1)
    assert_array_equal(model.fit(X, Y).thresholds_, thresholds)
    other = model.set_params(random_state=1).fit(X, Y).thresholds_
    assert (other != thresholds).any()


def test_samples_that_no_fold_tests_are_left_out():
    split = ShuffleSplit(1, test_size=100, random_state=0)
    model = MultilabelTunedThresholdClassifierCV(TREES, cv=split).fit(X, Y)
    train, test = next(split.split(X))
    scores = np.column_stack(
        [p[:, 1] for p in clone(TREES).fit(X[train], Y[train]).predict_proba(X[test])]
    )
    assert_array_equal(model.thresholds_, tune_thresholds(Y[test], scores))
    listed = MultilabelTunedThresholdClassifierCV(TREES, cv=[(train.tolist(), test.tolist())])
    assert_array_equal(listed.fit(X, Y).thresholds_, model.thresholds_)
    masks = [tuple(np.isin(np.arange(len(X)), part) for part in (train, np.sort(test)))]
    masked = MultilabelTunedThresholdClassifierCV(OfAnything(), cv=masks).fit(X, Y)
    assert_array_equal(masked.thresholds_, tune_thresholds(Y[test], masked.predict_proba(X[test])))


def test_jobs_make_no_difference():
    one_job = MultilabelTunedThresholdClassifierCV(TREES, cv=2, random_state=0)
    two_jobs = clone(one_job).set_params(n_jobs=2)
    assert_array_equal(one_job.fit(X, Y).thresholds_, two_jobs.fit(X, Y).thresholds_)


def test_verbose_prints_a_line_for_each_fold_and_the_last_fit(capsys):
    model = MultilabelTunedThresholdClassifierCV(KNeighborsClassifier(3), cv=2)
    model.fit(X, Y)
    assert capsys.readouterr().out == ""
    model.set_params(verbose=1).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(":")[0] for line in lines] == [
        f"[MultilabelTunedThresholdClassifierCV] {part}"
        for part in ("fold 1 of 2", "fold 2 of 2", "fit on all data")
    ]
    assert all(line.endswith(" s") for line in lines)


# -- containers --------------------------------------------------------------------------------


class OfAnything(ClassifierMixin, BaseEstimator):
    """Scores all classes by the length of a path, or the mean of an image."""

    def fit(self, X, y):
        self.n_classes_ = y.shape[1]
        return self

    def predict_proba(self, X):
        values = [len(x) if isinstance(x, str) else np.mean(x) for x in X]
        return np.tile(np.array(values)[:, None], (1, self.n_classes_))


@pytest.mark.parametrize(
    "anything",
    [
        X.reshape(-1, 1, 20, 20),
        [f"images/{i}.png" for i in range(len(X))],
        np.array([f"images/{i}.png" for i in range(len(X))]),
        list(X.reshape(-1, 20, 20)),
    ],
    ids=["images", "list of paths", "array of paths", "list of images"],
)
def test_rows_may_be_anything(anything):
    model = MultilabelTunedThresholdClassifierCV(OfAnything(), cv=3).fit(anything, Y)
    assert model.predict(anything).shape == Y.shape
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("kind", ["csr_array", "csc_matrix", "coo_array", "lil_array"])
def test_sparse_data_gives_the_same(kind):
    classifier = OneVsRestClassifier(LogisticRegression())
    model = MultilabelTunedThresholdClassifierCV(classifier, cv=3, random_state=0)
    expected = model.fit(X, Y).thresholds_
    make = getattr(sp, kind)
    np.testing.assert_allclose(model.fit(make(X), make(Y)).thresholds_, expected, rtol=1e-5)


def test_lists_of_rows_give_the_same():
    model = MultilabelTunedThresholdClassifierCV(TREES, cv=3, random_state=0)
    expected = model.fit(X, Y).thresholds_
    assert_array_equal(model.fit(X.tolist(), Y.tolist()).thresholds_, expected)
    assert_array_equal(model.fit(X, Y.astype(bool)).predict(X), model.fit(X, Y * 1.0).predict(X))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_give_their_names(library):
    frame = pytest.importorskip(library).DataFrame
    names = [f"pixel {j}" for j in range(X.shape[1])]
    data = frame(dict(zip(names, X.T, strict=True)))
    y = frame(dict(zip("abcdef", Y.T, strict=True)))
    model = MultilabelTunedThresholdClassifierCV(TREES, cv=3, random_state=0).fit(data, y)
    assert model.classes_.tolist() == list("abcdef")
    assert model.feature_names_in_.tolist() == names
    expected = clone(model).fit(X, Y)
    assert not hasattr(expected, "feature_names_in_")
    assert_array_equal(model.thresholds_, expected.thresholds_)
    assert not hasattr(model.fit(X, Y), "feature_names_in_")
    assert model.n_features_in_ == X.shape[1]


class ReturnsNothing(OfAnything):
    def fit(self, X, y):
        super().fit(X, y)


def test_fit_that_does_not_return_the_estimator_is_enough():
    expected = MultilabelTunedThresholdClassifierCV(OfAnything(), cv=3).fit(X, Y)
    model = MultilabelTunedThresholdClassifierCV(ReturnsNothing(), cv=3).fit(X, Y)
    assert_array_equal(model.predict(X), expected.predict(X))


class OfKind(OfAnything):
    """Returns scores as another kind of array."""

    def __init__(self, kind=None):
        self.kind = kind

    def predict_proba(self, X):
        return self.kind(super().predict_proba(X))


def test_masked_scores_are_refused():
    masked = OfKind(lambda scores: np.ma.masked_less(scores, scores.mean()))
    with pytest.raises(ValueError, match="OfKind returned masked scores"):
        MultilabelTunedThresholdClassifierCV(masked, cv=3).fit(X, Y)


def test_tensors_of_scores_are_read():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    tensor = OfKind(lambda scores: torch.tensor(scores, requires_grad=True))
    expected = MultilabelTunedThresholdClassifierCV(OfAnything(), cv=3).fit(X, Y)
    model = MultilabelTunedThresholdClassifierCV(tensor, cv=3).fit(X, Y)
    assert_array_equal(model.predict(X), expected.predict(X))


def test_score_of_nan_is_an_error():
    y = pytest.importorskip("pandas").DataFrame(Y, columns=list("abcdef"))
    model = MultilabelTunedThresholdClassifierCV(OfAnything(), cv=3).fit(X, y)
    X_new = X[:5].copy()
    X_new[3] = np.nan
    with pytest.raises(ValueError, match="OfAnything returned a score of NaN in row 3, class 'a'"):
        model.predict(X_new)


# -- searches and storage ----------------------------------------------------------------------


@pytest.mark.parametrize("scoring", ["f1_macro", "average_precision"])
def test_search_reaches_the_sampler_and_the_classifier(scoring):
    pipeline = make_pipeline(MaxMultiplierOverSampler(random_state=0), TREES)
    model = MultilabelTunedThresholdClassifierCV(pipeline, cv=2, random_state=0)
    y = Y[:, :4]
    search = GridSearchCV(
        model,
        {
            "estimator__maxmultiplieroversampler__cap": [1, 4],
            "estimator__extratreesclassifier__max_depth": [2, None],
            "shrinkage": [0, 3],
        },
        scoring=scoring,
        cv=KFold(2, shuffle=True, random_state=0),
        error_score="raise",
    )
    scores = search.fit(X[:200], y[:200]).cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert len(set(scores)) > 2


def test_clone_and_pickle_keep_it():
    model = MultilabelTunedThresholdClassifierCV(
        TREES, metric="fbeta", beta=2, cv=2, random_state=0
    )
    assert clone(model).get_params(deep=False).keys() == model.get_params(deep=False).keys()
    model.fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))
    with pytest.raises(NotFittedError):
        clone(model).predict(X)


def test_runs_in_a_job_of_joblib(tmp_path):
    model = MultilabelTunedThresholdClassifierCV(TREES, cv=2, random_state=0)
    fitted = joblib.Parallel(n_jobs=2)(joblib.delayed(clone(model).fit)(X, Y) for _ in range(2))
    assert_array_equal(fitted[0].thresholds_, fitted[1].thresholds_)
    joblib.dump(fitted[0], tmp_path / "model")
    assert_array_equal(joblib.load(tmp_path / "model").predict(X), fitted[1].predict(X))


def test_recall_that_weighs_more_lowers_the_thresholds():
    options = {"cv": 3, "random_state": 0, "metric": "fbeta"}
    cautious = MultilabelTunedThresholdClassifierCV(TREES, beta=0.5, **options).fit(X, Y)
    generous = MultilabelTunedThresholdClassifierCV(TREES, beta=2, **options).fit(X, Y)
    X_new, _ = digits(subset="test")
    assert generous.predict(X_new).sum() > cautious.predict(X_new).sum()
    assert (generous.thresholds_ <= cautious.thresholds_).all()


# -- metadata ----------------------------------------------------------------------------------


class Weighted(OfAnything):
    def fit(self, X, y, sample_weight=None):
        self.weights_ = sample_weight
        assert sample_weight is None or len(sample_weight) == len(X)
        return super().fit(X, y)


def test_metadata_goes_to_the_estimator_and_to_the_splitter():
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = Weighted().set_fit_request(sample_weight=True)
        splitter = GroupKFold(3).set_split_request(groups=True)
        model = MultilabelTunedThresholdClassifierCV(estimator, cv=splitter)
        model.fit(X, Y, sample_weight=np.arange(len(X)), groups=np.arange(len(X)) // 10)
    assert_array_equal(model.estimator_.weights_, np.arange(len(X)))


def test_metadata_without_routing_is_an_error():
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        MultilabelTunedThresholdClassifierCV(Weighted()).fit(X, Y, sample_weight=np.ones(len(X)))


# -- what is wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("y", [Y[:, 0], Y[:, :1], [0, 1] * 150], ids=["1-D", "column", "list"])
def test_single_label_target_is_refused_with_the_way_out(y):
    with pytest.raises(ValueError, match=r"sklearn\.model_selection\.TunedThresholdClassifierCV"):
        MultilabelTunedThresholdClassifierCV(TREES).fit(X, y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "roc_auc"}, "'metric' parameter"),
        ({"beta": 2.0}, "metric='fbeta'"),
        ({"shrinkage": -1.0}, "'shrinkage' parameter"),
        ({"cv": "loo"}, "'cv' parameter"),
        ({"cv": 1}, "n_splits"),
        ({"estimator": MaxMultiplierOverSampler()}, "'estimator' parameter"),
    ],
)
def test_wrong_parameter_is_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        MultilabelTunedThresholdClassifierCV(**{"estimator": DummyClassifier(), **options}).fit(
            X, Y
        )


def test_lengths_that_differ_are_an_error():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MultilabelTunedThresholdClassifierCV(TREES).fit(X[:-1], Y)


# -- scikit-learn's checks ---------------------------------------------------------------------


class OneColumnALabel(MultilabelTunedThresholdClassifierCV):
    """Turns the single-label targets of the checks, which are refused, into indicators."""

    def fit(self, X, y, **params):
        if y is not None:
            y = check_array(y, dtype=None, ensure_2d=False)
            if y.ndim == 1 or y.shape[1] == 1:
                labels = [*unique_labels(y), None]
                y = np.column_stack([np.ravel(y) == label for label in labels]).astype(int)
        return super().fit(X, y, **params)


COMPARES_LABELS = "compares predictions with labels of one dimension"
EXPECTED_TO_FAIL = {
    "check_fit_score_takes_y": COMPARES_LABELS,
    "check_pipeline_consistency": COMPARES_LABELS,
    "check_estimator_sparse_array": COMPARES_LABELS,
    "check_estimator_sparse_matrix": COMPARES_LABELS,
    "check_classifiers_one_label": COMPARES_LABELS,
    "check_classifiers_classes": COMPARES_LABELS,
    "check_classifiers_train": COMPARES_LABELS,
    "check_classifier_multioutput": "expects predictions to go by 0.5, or 0",
    "check_classifier_not_supporting_multiclass": "asks for an error about single-label targets",
}


def _expected_to_fail(estimator):
    if not hasattr(estimator, "predict_proba"):
        return EXPECTED_TO_FAIL
    multilabel = "check_classifiers_multilabel_output_format_predict_proba"
    return {**EXPECTED_TO_FAIL, multilabel: "expects predictions to go by 0.5"}


@parametrize_with_checks(
    [
        OneColumnALabel(ExtraTreesClassifier(5, random_state=0), cv=3, random_state=0),
        OneColumnALabel(RidgeClassifier(), cv=3, random_state=0),
    ],
    expected_failed_checks=_expected_to_fail,
)
def test_scikit_learn_check_passes(estimator, check):
    check(estimator)
