"""As a step of imbalanced-learn's Pipeline, under GridSearchCV and in batch generators."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from imblearn.pipeline import Pipeline, make_pipeline
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from mlresample import MaxMultiplierOverSampler
from mlresample.combine import REMEDIAL
from mlresample.datasets import make_multilabel_digits
from mlresample.model_selection import MultilabelStratifiedKFold
from mlresample.over_sampling import LPROS, MLROS, MLSMOTE
from mlresample.under_sampling import LPRUS, MLRUS

IMAGES, Y, NAMES = make_multilabel_digits(240, exponent=1.5, random_state=0)
X = IMAGES.reshape(240, -1) / 255.0

CLASSIFIERS = {
    "k-NN": KNeighborsClassifier(n_neighbors=3),
    "random forest": RandomForestClassifier(n_estimators=10, random_state=0),
    "one-vs-rest": OneVsRestClassifier(LogisticRegression(C=0.1)),
    # Stops after a set number of epochs: the warning that it has not converged is expected.
    "MLP": MLPClassifier((16,), max_iter=5, random_state=0),
}
ignore_convergence = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def pipeline(classifier=None, **parameters):
    return Pipeline(
        [
            ("scale", StandardScaler()),
            ("sampler", MaxMultiplierOverSampler(target_count="max", cap=3, random_state=0)),
            ("classifier", classifier if classifier is not None else KNeighborsClassifier(3)),
        ],
        **parameters,
    )


@ignore_convergence
@pytest.mark.parametrize("classifier", CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_classifier_is_trained_on_the_resampled_data_and_predicts_on_the_data_as_it_is(classifier):
    model = pipeline(clone(classifier)).fit(X, Y)
    scaled = StandardScaler().fit_transform(X)
    sampler = MaxMultiplierOverSampler(target_count="max", cap=3, random_state=0)
    by_hand = clone(classifier).fit(*sampler.fit_resample(scaled, Y))
    assert len(sampler.sample_indices_) > len(X)
    assert_array_equal(model.predict(X), by_hand.predict(scaled))
    assert model.predict(X).shape == Y.shape


@ignore_convergence
@pytest.mark.parametrize("classifier", CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_grid_search_over_the_sampler_with_multi_label_folds(classifier):
    search = GridSearchCV(
        pipeline(clone(classifier)),
        [
            {"sampler__cap": [1, 2, 6]},
            {"sampler__target_count": ["mean", 30], "sampler__power": [0.5, 1.0]},
            {"sampler__epoch_size": [1.2], "sampler__target_count": ["median"]},
            {"sampler": ["passthrough"]},
        ],
        scoring="f1_macro",
        cv=MultilabelStratifiedKFold(3, shuffle=True, random_state=0),
        error_score="raise",
    )
    search.fit(X, Y)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    # Cap 1 keeps every sample once, as no sampler does.
    assert scores[0] == scores[-1]
    assert len(set(scores)) > 1
    assert search.predict(X).shape == Y.shape


def test_grid_search_in_two_processes_equals_one():
    searches = [
        GridSearchCV(
            pipeline(), {"sampler__cap": [1, 4]}, scoring="accuracy", cv=KFold(3), n_jobs=n_jobs
        ).fit(X, Y)
        for n_jobs in (None, 2)
    ]
    scores_of_one, scores_of_two = (search.cv_results_["mean_test_score"] for search in searches)
    assert_array_equal(scores_of_one, scores_of_two)


def test_memory_gives_the_same_predictions_from_the_cache(tmp_path):
    plain = pipeline().fit(X, Y)
    cached = pipeline(memory=str(tmp_path))
    for _ in range(2):
        assert_array_equal(cached.fit(X, Y).predict(X), plain.predict(X))
    assert any(tmp_path.rglob("*.pkl"))
    assert_array_equal(
        cached.named_steps["sampler"].sample_indices_, plain.named_steps["sampler"].sample_indices_
    )


def test_clone_and_pickle():
    model = pipeline().fit(X, Y)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    assert_array_equal(clone(model).fit(X, Y).predict(X), model.predict(X))


def test_set_output_reaches_the_transformers_around_the_sampler():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(X.shape[1])])
    model = pipeline().set_output(transform="pandas").fit(frame, Y)
    assert_array_equal(model.named_steps["sampler"].feature_names_in_, frame.columns)
    assert_array_equal(model.predict(frame), pipeline().fit(X, Y).predict(X))
    names = model[:-1].get_feature_names_out()
    assert_array_equal(names, frame.columns)


def test_html_display_shows_the_sampler():
    assert "MaxMultiplierOverSampler" in pipeline()._repr_html_()
    assert "MaxMultiplierOverSampler" in MaxMultiplierOverSampler().fit(X, Y)._repr_html_()


@pytest.mark.parametrize("routing", [False, True])
def test_metadata_routing_on_and_off(routing):
    with sklearn.config_context(enable_metadata_routing=routing):
        scores = cross_val_score(
            pipeline(), X, Y, scoring="accuracy", cv=KFold(3), params={}, error_score="raise"
        )
        assert np.isfinite(scores).all()
        assert_array_equal(pipeline().fit(X, Y).predict(X).shape, Y.shape)


@pytest.mark.parametrize("kind", [sp.csr_matrix, sp.csr_array], ids=["matrix", "array"])
def test_sparse_target_where_the_classifier_takes_it(kind):
    model = OneVsRestClassifier(LogisticRegression(C=0.1))
    dense = pipeline(model).fit(X, Y).predict(X)
    sparse = pipeline(clone(model)).fit(X, kind(Y)).predict(X)
    assert sp.issparse(sparse)
    assert_array_equal(sparse.toarray(), dense)


def test_data_frames_go_through_the_whole_pipeline():
    pd = pytest.importorskip("pandas")
    frame, target = pd.DataFrame(X), pd.DataFrame(Y, columns=NAMES)
    model = make_pipeline(MaxMultiplierOverSampler(random_state=0), KNeighborsClassifier(3))
    predicted = model.fit(frame, target).predict(frame)
    assert model[0].classes_.tolist() == NAMES
    assert_array_equal(predicted, model.fit(X, Y).predict(X))


@pytest.mark.parametrize("sparse", [False, True])
def test_batch_generator_of_imbalanced_learn_draws_from_the_plan(sparse):
    from imblearn.tensorflow import balanced_batch_generator

    sampler = MaxMultiplierOverSampler(target_count="max", cap=3, random_state=0)
    size = len(sampler.fit_resample(X, Y)[0])
    data = sp.csr_array(X) if sparse else X
    batches, n_steps = balanced_batch_generator(
        data, Y, sampler=sampler, batch_size=20, random_state=0
    )
    assert n_steps == size // 20
    drawn = [next(batches) for _ in range(n_steps + (size % 20 > 0))]
    assert sum(len(y) for _, y in drawn) == size
    assert_allclose(
        np.concatenate([y for _, y in drawn]).sum(axis=0),
        Y.sum(axis=0) + list(sampler.sampling_strategy_.values()),
    )
    # The generator shuffles the indices in place; the fitted plan is not touched by it.
    assert_array_equal(sampler.plan_.draw_indices(0), sampler.sample_indices_)


# -- what splits again sees copies on both sides -----------------------------------------------


def test_out_of_bag_score_after_resampling_is_too_good():
    sampler = MaxMultiplierOverSampler(target_count="max", cap=8, random_state=0)
    rare = Y.sum(axis=0) < 40

    def out_of_bag_f1(X, y):
        forest = RandomForestClassifier(50, oob_score=True, random_state=0).fit(X, y)
        predicted = forest.oob_decision_function_[:, 1] > 0.5
        return f1_score(y[:, rare], predicted[:, rare], average="macro", zero_division=0)

    honest, inside = out_of_bag_f1(X, Y), out_of_bag_f1(*sampler.fit_resample(X, Y))
    assert inside > honest + 0.3


def test_split_after_resampling_is_too_good_and_split_around_it_is_not():
    # A network's early stopping splits off its validation data in the same way.
    sampler = MaxMultiplierOverSampler(target_count="max", cap=8, random_state=0)
    trees = ExtraTreesClassifier(30, random_state=0)
    folds = KFold(3, shuffle=True, random_state=0)
    scoring = "f1_macro"
    inside = cross_val_score(trees, *sampler.fit_resample(X, Y), scoring=scoring, cv=folds)
    around = cross_val_score(make_pipeline(sampler, trees), X, Y, scoring=scoring, cv=folds)
    assert inside.mean() > around.mean() + 0.3


@ignore_convergence
def test_early_stopping_validates_on_copies_of_what_it_trains_on():
    sampler = MaxMultiplierOverSampler(target_count="max", cap=8, random_state=0)

    def validation_score(X, y):
        network = MLPClassifier(
            (64,),
            early_stopping=True,
            validation_fraction=0.3,
            n_iter_no_change=100,
            max_iter=60,
            random_state=0,
        )
        return network.fit(X, y).best_validation_score_

    assert validation_score(*sampler.fit_resample(X, Y)) > validation_score(X, Y) + 0.2


@pytest.mark.parametrize(
    ("sampler", "grid"),
    [
        (MLROS(random_state=0), {"percentage": [5, 20]}),
        (LPROS(random_state=0), {"percentage": [5, 20]}),
        (MLRUS(random_state=0), {"percentage": [5, 20]}),
        (LPRUS(random_state=0), {"percentage": [5, 20]}),
        (MLSMOTE(random_state=0), {"label_strategy": ["ranking", "union"], "k_neighbors": [2]}),
        (REMEDIAL(), {"skip_empty": [True, False]}),
    ],
)
def test_samplers_of_the_literature_are_searched_over_in_a_pipeline(sampler, grid):
    model = make_pipeline(StandardScaler(), sampler, KNeighborsClassifier(3))
    step = type(sampler).__name__.lower()
    grid = {f"{step}__{name}": values for name, values in grid.items()}
    search = GridSearchCV(model, grid, scoring="f1_micro", cv=3, error_score="raise").fit(X, Y)
    assert search.predict(X).shape == Y.shape
    scaled = StandardScaler().fit_transform(X)
    resampled = search.best_estimator_[1].fit_resample(scaled, Y)
    assert len(resampled[0]) != len(X)
    by_hand = KNeighborsClassifier(3).fit(*resampled)
    assert_array_equal(search.predict(X), by_hand.predict(scaled))


def test_remedial_and_then_random_over_sampling_is_a_pipeline_of_two_samplers():
    model = make_pipeline(REMEDIAL(), MLROS(random_state=0), KNeighborsClassifier(3)).fit(X, Y)
    halves = REMEDIAL().fit_resample(X, Y)
    by_hand = KNeighborsClassifier(3).fit(*MLROS(random_state=0).fit_resample(*halves))
    assert_array_equal(model.predict(X), by_hand.predict(X))
