"""
Ten rounds of annotation
========================

Which images should be labeled next, if some classes are rare? Here 200 composed digits are
labeled, and 2,800 are not. In each of ten rounds a network is fitted to the labels so far, and 40
more images are labeled: at random, or as
:func:`~mlresample.annotation.select_for_annotation` says.

``python examples/annotate_digits.py`` takes under a minute.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import average_precision_score
from sklearn.neural_network import MLPClassifier

from mlresample import ClassCounts
from mlresample.annotation import find_hard_negatives, plan_annotation, select_for_annotation
from mlresample.datasets import make_multilabel_digits

warnings.simplefilter("ignore", ConvergenceWarning)
X, y, names = make_multilabel_digits(3000, exponent=1.5, random_state=0)
X_test, y_test, _ = make_multilabel_digits(1000, subset="test", exponent=1, random_state=0)
X, X_test = (images.reshape(len(images), -1) / 255 for images in (X, X_test))
RARE = [7, 8, 9]

# %%
# What is lacking
# ---------------
# The plan says what each class lacks, how many images random picking would take, and the quota of
# each class in the next batch.

labeled = np.arange(200)
counts = ClassCounts.from_target(y[labeled], class_names=names)
print(plan_annotation(counts, target_count=100, batch_size=40))

# %%
# Ten rounds
# ----------
# Each round makes the plan anew from the counts, and the selection from its first batch. One image
# in ten is drawn at random.


def annotate(by_quotas):
    rng = np.random.RandomState(0)
    labeled, rest = np.arange(200), np.arange(200, len(X))
    history = []
    for _ in range(11):
        network = MLPClassifier((64,), batch_size=20, max_iter=30, random_state=0)
        network.fit(X[labeled], y[labeled])
        precision = average_precision_score(y_test, network.predict_proba(X_test))
        history.append((len(labeled), y[labeled][:, RARE].sum(), precision))
        chosen = rng.permutation(len(rest))[:40]
        if by_quotas:
            counts = ClassCounts.from_target(y[labeled], class_names=names)
            plan = plan_annotation(counts, target_count=100, batch_size=40)
            p = network.predict_proba(X[rest])
            chosen = select_for_annotation(p, 40, quotas=plan, random_state=rng).indices
        labeled, rest = np.append(labeled, rest[chosen]), np.delete(rest, chosen)
    return network, labeled[:-40], np.array(history)


_, _, at_random = annotate(by_quotas=False)
network, labeled, by_quotas = annotate(by_quotas=True)
print(
    f"labels of the three rarest classes: {by_quotas[-1, 1]:.0f}, {at_random[-1, 1]:.0f} at random"
)

figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
titles = ["labels of the three rarest classes", "macro average precision"]
for column, (axis, title) in enumerate(zip(axes, titles, strict=True), start=1):
    axis.plot(by_quotas[:, 0], by_quotas[:, column], "o-", label="by quotas")
    axis.plot(at_random[:, 0], at_random[:, column], "s--", label="at random")
    axis.set(xlabel="images labeled", title=title)
axes[0].legend()

# %%
# Progress
# --------
# The plan from the start and the counts now show what was found, beside what chance would find.

start = plan_annotation(counts, target_count=100, batch_size=40)
print(start.progress(ClassCounts.from_target(y[labeled], class_names=names)))

# %%
# Hard negatives
# --------------
# Images that the network takes for a class that they do not carry: the first of each class, among
# images that it was not trained on. Look at them before you repeat them: some may lack a label.

held_out = np.setdiff1d(np.arange(len(X)), labeled)
negatives = find_hard_negatives(y[held_out], network.predict_proba(X[held_out]), per_class=2)
print(negatives)
