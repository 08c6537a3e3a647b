"""
From a label file to a decision, in three commands
==================================================

What is in a label file, which cap suits it, what does the plan do to each class, and what should
be collected next? To answer that, you need neither images nor Python. The file here lists the
digits of 2,000 composed images in the format of the Human Protein Atlas challenge: an id, and the
classes of that image.

``python examples/plan_from_csv.py FOLDER`` takes about ten seconds and saves its files there, or
in ``runs/plan_from_csv/`` without FOLDER.
"""

import subprocess
import sys
from pathlib import Path

from mlresample import merge_classes, plan_resampling
from mlresample.datasets import make_multilabel_digits
from mlresample.readers import read_labels

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/plan_from_csv")
folder.mkdir(parents=True, exist_ok=True)


def write_labels(path):
    _, y, names = make_multilabel_digits(2000, random_state=0)
    lines = ["Id,Target"]
    for i, row in enumerate(y):
        classes = " ".join(names[c] for c in row.nonzero()[0])
        lines.append(f"image-{i:04},{classes}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def mlresample(*arguments):
    """Run a command as a user would, and print it with its output."""
    command = [sys.executable, "-m", "mlresample", *arguments]
    result = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    print(f"$ mlresample {' '.join(arguments)}\n{result.stdout}")


write_labels(folder / "digits.csv")

# %%
# What is in the file?
# --------------------
# Several files, such as those of training and test, would be shown side by side.

mlresample("report", "digits.csv")

# %%
# Which cap, and what does it cost?
# ---------------------------------

mlresample("compare", "digits.csv", "--cap", "1,2,4,8")

# %%
# Is it worth it?
# ---------------
# The plan shows what each class gets, and says in words what to make of it.

mlresample("plan", "digits.csv", "--cap", "4")

# %%
# Files for training and for colleagues
# -------------------------------------
# Any training loop can read the ids of an epoch. The page shows the plan, with pictures, to those
# who have no Python at hand.

mlresample("resample", "digits.csv", "--cap", "4", "--output", "epoch.csv")
ids = (folder / "epoch.csv").read_text(encoding="utf-8").split()[1:]
print(f"{len(ids):,} ids, {len(set(ids)):,} of them different")
mlresample("plan", "digits.csv", "--cap", "4", "--html", "--output", "plan.html")

# %%
# The same from Python
# --------------------
# How many images should be collected, and how many if the two rarest classes were merged?

table = read_labels(folder / "digits.csv")
plan = plan_resampling(table.y, class_names=table.class_names, cap=4)
wanted = dict(zip(plan.classes, plan.samples_to_collect.tolist(), strict=True))
print("to collect:", {name: n for name, n in wanted.items() if n})
parents = {"eight or nine": ["eight", "nine"]}
y, names = merge_classes(table.y, parents, class_names=table.class_names)
merged = plan_resampling(y, class_names=names, cap=4)
print("to collect when merged:", merged.samples_to_collect.sum())
print(f"\nFiles in {folder}:", *sorted(path.name for path in folder.iterdir()))

# %%
# A picture of the plan
# ---------------------

from mlresample.plots import ClassCountsDisplay  # noqa: E402

ClassCountsDisplay.from_plan(plan).figure_.savefig(folder / "plan.png")
