"""Images in a Hugging Face dataset, which fetches batches as a whole."""

import datasets


def stored(images, folder):
    """Return images as a dataset of tensors, memory-mapped from a folder."""
    datasets.disable_progress_bars()
    features = datasets.Features({"image": datasets.Array3D(images.shape[1:], "uint8")})
    dataset = datasets.Dataset.from_dict({"image": images}, features=features)
    dataset.save_to_disk(f"{folder}/dataset")
    return datasets.load_from_disk(f"{folder}/dataset").with_format("torch")
