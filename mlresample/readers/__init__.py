"""Readers of label files; each returns an indicator matrix with ids and class names."""

from mlresample.readers._coco import read_coco
from mlresample.readers._images import find_images
from mlresample.readers._label_table import LabelTable
from mlresample.readers._labels import read_labels
from mlresample.readers._yolo import read_yolo

__all__ = [
    "LabelTable",
    "find_images",
    "read_coco",
    "read_labels",
    "read_yolo",
]
