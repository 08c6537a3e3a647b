"""Write the composed digits as a data set of files: images, train.csv and test.csv.

``python examples/write_digits.py FOLDER [N_IMAGES]`` writes 3,000 images, a third of them to test
with, for ``train_multilabel.py`` and other programs that take a label file and a folder of images.
"""

import sys
from pathlib import Path

from PIL import Image

from mlresample.datasets import make_multilabel_digits


def main(folder="digits", n_images="3000"):
    images = Path(folder, "images")
    images.mkdir(parents=True, exist_ok=True)
    n_test = int(n_images) // 3
    for subset, n_of_subset in [("train", int(n_images) - n_test), ("test", n_test)]:
        X, y, names = make_multilabel_digits(n_of_subset, subset=subset, random_state=0)
        lines = ["Id,Target"]
        for i, (pixels, row) in enumerate(zip(X, y, strict=True)):
            lines.append(f"{subset}-{i:04}," + " ".join(names[c] for c in row.nonzero()[0]))
            Image.fromarray(pixels[0]).save(images / f"{subset}-{i:04}.png")
        Path(folder, f"{subset}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"wrote {n_images} images to {images}, their labels to train.csv and test.csv beside it")


if __name__ == "__main__":
    main(*sys.argv[1:])
