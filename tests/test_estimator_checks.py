"""The checks of scikit-learn and imbalanced-learn for every estimator and sampler."""

from imblearn.utils.estimator_checks import parametrize_with_checks as parametrize_imblearn
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlresample import MaxMultiplierOverSampler
from mlresample.combine import REMEDIAL
from mlresample.over_sampling import LPROS, MLROS, MLSMOTE
from mlresample.under_sampling import LPRUS, MLRUS

SAMPLERS = [
    # The checks compare two calls, so a seed is needed.
    MaxMultiplierOverSampler(random_state=0),
    MaxMultiplierOverSampler(target_count="max", cap=10, floor=0.5, shuffle=True, random_state=0),
    MaxMultiplierOverSampler(epoch_size=1.5, rounding="bernoulli", random_state=0),
    MLROS(random_state=0),
    LPROS(random_state=0),
    MLRUS(random_state=0),
    LPRUS(random_state=0),
    MLSMOTE(random_state=0),
    MLSMOTE(k_neighbors=2, label_strategy="union", random_state=0),
    REMEDIAL(),
    REMEDIAL(skip_empty=False),
]


@parametrize_with_checks(SAMPLERS)
def test_scikit_learn_check_passes(estimator, check):
    check(estimator)


def _expected_to_fail(estimator):
    return {"check_target_type": "asks that multi-label targets be refused"}


@parametrize_imblearn(SAMPLERS, expected_failed_checks=_expected_to_fail)
def test_imbalanced_learn_check_passes(estimator, check):
    check(estimator)
