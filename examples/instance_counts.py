"""
Boxes as well as images
=======================

A detector learns from boxes. Two classes in equally many images may differ a hundredfold in boxes:
people come in crowds, a traffic light comes alone. ``instances=True`` says that y holds counts,
here of boxes, and ``instance_aware=True`` lets the multipliers depend on both. This runs in a
second.
"""

import numpy as np

from mlresample import compare_plans, plan_resampling

# %%
# Counts of boxes
# ---------------
# Made up here; ``read_coco`` and ``read_yolo`` return such counts with ``instances=True``. Each
# class has a share of the images, and a mean number of boxes in such an image:

SHARES = {
    "person": (0.45, 8.0),
    "chair": (0.12, 3.0),
    "car": (0.10, 4.0),
    "sheep": (0.02, 12.0),
    "traffic light": (0.02, 1.5),
    "hair drier": (0.004, 1.0),
}
rng = np.random.default_rng(0)
share, boxes = np.array(list(SHARES.values())).T
shape = 5000, len(SHARES)
y = (rng.random(shape) < share) * rng.geometric(1 / boxes, shape)

# %%
# By images, and by images and boxes
# ----------------------------------
# Repeat factors by images are those of LVIS. Those by images and instances (IRFS,
# `arXiv:2305.08069 <https://arxiv.org/abs/2305.08069>`_) are max(1, sqrt(t / sqrt(f_i f_b))), with
# f_i the share of images with the class, and f_b its share of all boxes. Sheep and traffic lights
# are in about equally many images; IRFS leaves the sheep, which come in flocks, as they are.

THRESHOLD = {"target_count": 0.03, "power": 0.5, "cap": np.inf}
names = list(SHARES)
by_images = plan_resampling(y, class_names=names, instances=True, **THRESHOLD)
irfs = plan_resampling(y, class_names=names, instances=True, instance_aware=True, **THRESHOLD)
print(f"{'class':<13}  by images  by both")
for name, first, second in zip(
    names, by_images.class_multipliers, irfs.class_multipliers, strict=True
):
    print(f"{name:<13} {first:10.2f} {second:8.2f}")

# %%
# The report shows the instances of each class beside its images, before and after:

print(irfs)

# %%
# Budgets and comparisons work as for images. At equal cost, the two differ in which classes they
# raise:

print(
    compare_plans(
        y,
        {"instance_aware": [False, True], "epoch_size": [1.05, 1.1], "cap": [8]},
        instances=True,
    )
)

# %%
# User-supplied multipliers
# -------------------------
# Any other function of the counts is passed as multipliers. E-IRFS (`arXiv:2503.21893
# <https://arxiv.org/abs/2503.21893>`_) is exp(alpha sqrt(t / sqrt(f_i f_b))), for every class, so
# even the commonest is repeated a little. (The authors' code differs from this formula: it divides
# the image counts by their own sum, and draws images with replacement.)

ALPHA = 0.5
counts = irfs.rule.counts
f_i = counts.class_counts / counts.n_samples
f_b = counts.instance_counts / counts.instance_counts.sum()
multipliers = np.exp(ALPHA * np.sqrt(THRESHOLD["target_count"] / np.sqrt(f_i * f_b)))
e_irfs = plan_resampling(
    y, class_names=names, instances=True, class_multipliers=multipliers, cap=np.inf
)
print(e_irfs)
