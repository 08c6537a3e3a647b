"""
From a label file to a decision, in three commands
==================================================

What does a label file hold, which cap suits it, what does the plan do to each class, and what
should be collected next? No images are needed for that, and no Python. The file here lists the
digits of 2,000 composed images, in the form of the Human Protein Atlas challenge: an id, and
the classes that the image holds.

``python examples/plan_from_csv.py FOLDER`` takes some ten seconds and leaves its files there;
without FOLDER, in ``runs/plan_from_csv/``.
"""

import subprocess
import sys
from pathlib import Path

from mlresample import merge_classes, plan_resampling
from mlresample.datasets import make_multilabel_digits
from mlresample.readers import read_label_lists

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/plan_from_csv")
folder.mkdir(parents=True, exist_ok=True)


def write_labels(path):
    _, y, names = make_multilabel_digits(2000, random_state=0)
    lines = ["Id,Target"]
    for i, row in enumerate(y):
        held = " ".join(names[c] for c in row.nonzero()[0])
        lines.append(f"image-{i:04},{held}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def mlresample(*arguments):
    """Run the command line as a user would."""
    command = [sys.executable, "-m", "mlresample", *arguments]
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    print(f"$ mlresample {' '.join(arguments)}\n{done.stdout}")


write_labels(folder / "digits.csv")

# %%
# What is in the file?
# --------------------
# Several files, such as those of training and test, would stand side by side.

mlresample("report", "digits.csv")

# %%
# Which cap, and what does it cost?
# ---------------------------------

mlresample("compare", "digits.csv", "--cap", "1,2,4,8")

# %%
# Is it worth it?
# ---------------
# The plan says what each class gets, and in words what to make of it.

mlresample("plan", "digits.csv", "--cap", "4")

# %%
# For training and for the wall
# -----------------------------
# The ids of an epoch are for any training loop, the page with its pictures for colleagues.

mlresample("resample", "digits.csv", "--cap", "4", "--output", "epoch.csv")
ids = (folder / "epoch.csv").read_text(encoding="utf-8").split()[1:]
print(f"{len(ids):,} ids, {len(set(ids)):,} of them different")
mlresample("plan", "digits.csv", "--cap", "4", "--html", "--output", "plan.html")

# %%
# The same from Python
# --------------------
# How many images should be collected, and what if the two rarest classes were one?

table = read_label_lists(folder / "digits.csv")
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
