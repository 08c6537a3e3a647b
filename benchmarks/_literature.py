"""Losses and orders of samples from the literature, for ``benchmarks.recipes``.

Short versions of the formulas in the papers that are named beside them; none was tuned.
"""

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from mlresample import plan_resampling

DEFERRED = 0.8  # share of the steps before a deferred change, as in LDAM-DRW

# -- losses: one value per entry -----------------------------------------------------------------


def weighted_loss(logits, y, *, pos_weight, **_):
    return binary_cross_entropy_with_logits(logits, y, pos_weight=pos_weight, reduction="none")


def effective_number_loss(logits, y, *, counts, beta=0.999, **_):
    """Weight classes by (1 - beta) / (1 - beta^n); Cui et al., CVPR 2019, equation 3."""
    weight = (1 - beta) / (1 - beta ** counts.clamp(min=1))
    plain = binary_cross_entropy_with_logits(logits, y, reduction="none")
    return plain * weight / weight.mean()


def asymmetric_loss(logits, y, *, gamma_pos=1, gamma_neg=4, clip=0.05, **_):
    """Focus on hard negatives; Ridnik et al., ICCV 2021; defaults of timm, mean over entries."""
    p = torch.sigmoid(logits)
    p_neg = (p - clip).clamp(min=0)  # probability shifting
    positive = (1 - p) ** gamma_pos * p.clamp(min=1e-8).log()
    negative = p_neg**gamma_neg * (1 - p_neg).clamp(min=1e-8).log()
    return -(y * positive + (1 - y) * negative)


def margin_loss(logits, y, *, counts, pos_weight, progress, largest=0.5, **_):
    """Margins of C / n^(1/4), then weights; LDAM-DRW, Cao et al., NeurIPS 2019; scale 1."""
    margins = counts.clamp(min=1) ** -0.25
    margins = largest * margins / margins.max()
    weight = pos_weight if progress >= DEFERRED else None
    return binary_cross_entropy_with_logits(
        logits - margins * y, y, pos_weight=weight, reduction="none"
    )


def distribution_balanced_loss(logits, y, *, counts, n_samples, **_):
    """Undo co-occurrence and spare negatives, with focus; Wu et al., ECCV 2020.

    Constants are those of the authors' configuration for COCO-MLT: alpha .1, beta 10, mu .2,
    lambda 2, focal gamma 2 and factor 2; their code halves the bias.
    """
    share = 1 / counts.clamp(min=1)
    r = share / (y * share).sum(1, keepdim=True).clamp(min=1e-12)  # equation 3
    weight = 0.1 + torch.sigmoid(10 * (r - 0.2))  # equation 4
    bias = 0.05 * torch.log(n_samples / counts.clamp(min=1) - 1 + 1e-12)
    z = logits - bias
    plain = torch.where(y > 0, softplus(-z), softplus(2 * z) / 2)
    p = torch.exp(-torch.where(y > 0, softplus(-z), softplus(2 * z)))
    return 2 * (1 - p) ** 2 * weight * plain


# -- orders of samples ----------------------------------------------------------------------------


def class_aware_order(batches, y, rows, seed):
    """Draw a class, then a sample of it, all equally likely; Shen et al., ECCV 2016."""
    generator = np.random.RandomState(seed)
    of_class = [rows[np.flatnonzero(column)] for column in y.T if column.any()]
    lengths = np.array([len(members) for members in of_class])
    classes = generator.randint(len(of_class), size=batches.size)
    places = (generator.uniform(size=batches.size) * lengths[classes]).astype(np.int64)
    drawn = [of_class[c][place] for c, place in zip(classes, places, strict=True)]
    return np.reshape(drawn, batches.shape)


def plan_order(batches, y, rows, seed, *, plan):
    """Draw as many batches from the epochs of the plan."""
    found, generator = plan_resampling(y, **plan), np.random.RandomState(seed)
    epochs = [
        found.draw_indices(generator, shuffle=True)
        for _ in range(-(-batches.size // found.epoch_size))
    ]
    return rows[np.concatenate(epochs)[: batches.size].reshape(batches.shape)]


def deferred_order(batches, y, rows, seed, *, plan):
    """Resample in the last fifth of the steps; DRS of Cao et al., NeurIPS 2019."""
    start = int(DEFERRED * len(batches))
    return np.vstack([batches[:start], plan_order(batches[start:], y, rows, seed, plan=plan)])


def two_phase_order(batches, y, rows, seed, *, plan):
    """Resample in the first half only; Lee et al., ICIP 2016."""
    half = len(batches) // 2
    return np.vstack([plan_order(batches[:half], y, rows, seed, plan=plan), batches[half:]])
