"""The rule as an object: its parameters, its counts, what it learns and how it is applied."""

import inspect
import re

import pytest

from mlresample import MaxMultiplierOverSampler, compute_class_multipliers, plan_resampling
from mlresample._rule.parameters import PARAMETERS, RULE_CONSTRAINTS, RuleParameters

# -- parameters --------------------------------------------------------------------------------

TAKERS = [MaxMultiplierOverSampler, plan_resampling, compute_class_multipliers]


@pytest.mark.parametrize("taker", TAKERS)
def test_whoever_takes_parameters_of_the_rule_has_its_defaults_and_documents_them(taker):
    signature = inspect.signature(taker).parameters
    taken = [name for name in PARAMETERS if name in signature]
    assert {"cap", "floor", "target_count", "power"} <= set(taken)
    for name in taken:
        assert signature[name].default == getattr(RuleParameters, name)
        written = re.search(rf"^ *{name} : .*default=(.*)$", inspect.getdoc(taker), re.MULTILINE)
        assert written[1].strip('"') == str(getattr(RuleParameters, name))


def test_every_parameter_of_the_rule_has_a_check():
    assert list(RULE_CONSTRAINTS) == PARAMETERS
