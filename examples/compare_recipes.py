"""
What helps on your data
=======================

Whether resampling, loss weights or thresholds help depends on data, model and length of training.
So compare them on your own: here on composed digits, for nearest neighbors, a random forest and a
small network.

``python examples/compare_recipes.py`` takes under a minute.
"""

import numpy as np
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from mlresample.datasets import make_multilabel_digits
from mlresample.model_selection import compare_recipes

torch.set_num_threads(1)  # such small products are slower on several
X, y, class_names = make_multilabel_digits(500, random_state=0)
X = X.reshape(len(X), -1).astype(np.float32) / 255

# %%
# Estimators
# ----------
# Every recipe is trained on the same folds, and compared with training on the data as they are.
# Uniform copies are the control: as many rows as with the plan, chosen at random. The report ends
# with the answer.

print(compare_recipes(KNeighborsClassifier(5), X, y))

# %%
# A recipe may be a plan with other parameters, or another model. Here macro-F1 at tuned thresholds
# decides.

forest = RandomForestClassifier(20)
recipes = {
    "plan": {"plan": {"cap": 4}},
    "plan, cap 16": {"plan": {"cap": 16}},
    "balanced forest": RandomForestClassifier(20, class_weight="balanced_subsample"),
}
options = {"recipes": recipes, "primary": "macro_f1_tuned", "n_repeats": 1}
print(compare_recipes(forest, X, y, **options))

# %%
# A function that trains
# ----------------------
# ``batches`` are the row numbers of each step, equally many for every recipe. The function reads
# its data itself, images from disk, say. ``cache="folder"`` would save what is finished, and
# ``verbose=1`` print the time left.

inputs, targets = torch.from_numpy(X), torch.from_numpy(y).float()


def train(batches, *, pos_weight, sample_weight, predict, seed):
    torch.manual_seed(seed)
    network = torch.nn.Sequential(
        torch.nn.Linear(400, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)
    )
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    loss = torch.nn.BCEWithLogitsLoss(reduction="none", pos_weight=torch.tensor(pos_weight))
    for rows, weights in zip(batches, torch.tensor(sample_weight), strict=True):
        optimizer.zero_grad()
        losses = loss(network(inputs[rows]), targets[rows]).mean(dim=1)
        (weights * losses).mean().backward()
        optimizer.step()
    with torch.no_grad():
        return torch.sigmoid(network(inputs[predict]))


comparison = compare_recipes(train, None, y, n_steps=60, batch_size=64)
print(comparison)

# %%
# All figures are in a data frame, with a row per recipe and score.

frame = comparison.to_frame()
columns = ["recipe", "mean", "difference", "low", "high", "p_value"]
print(frame.loc[frame["score"] == "few_f1_tuned", columns].round(3).to_string(index=False))
