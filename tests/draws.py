"""All draws of a small plan, with their probabilities."""

from itertools import combinations, product

import numpy as np

from mlresample._plan.repeats import share_extra_copies


def possible_draws(plan):
    """Return the repeats that stratified rounding may draw, each with its probability.

    One random start gives the levels' extra copies, and a level's copies go to any of its samples.
    """
    whole = np.floor(plan.level_multipliers).astype(int)
    shares = plan.level_sizes * (plan.level_multipliers - whole)
    n_extra = plan.epoch_size - int(plan.level_sizes @ whole)
    draws = {}
    for copies, share in outcomes(lambda start: tuple(share_extra_copies(shares, n_extra, start))):
        of_levels = [
            combinations(np.flatnonzero(plan.levels == level), n_copies)
            for level, n_copies in enumerate(copies)
        ]
        choices = list(product(*of_levels))
        for chosen in choices:
            repeats = whole[plan.levels]
            repeats[[sample for samples in chosen for sample in samples]] += 1
            key = tuple(repeats.tolist())
            draws[key] = draws.get(key, 0) + share / len(choices)
    return draws


def outcomes(function, low=0.0, high=1 - 2**-53):
    """Yield the outcomes of a step function, each with the length of an interval that has it.

    If it is the same at both ends it is so between them, since running sums only rise. Steps that
    only rounding tells apart are one.
    """
    middle = (low + high) / 2
    if function(low) == function(high):
        yield function(low), high - low
    elif high - low > 1e-14:
        yield from outcomes(function, low, middle)
        yield from outcomes(function, middle, high)
