"""Readers of label files; each returns an indicator matrix with ids and class names."""

from mlresample.readers._class_columns import read_indicators
from mlresample.readers._coco import read_coco
from mlresample.readers._label_lists import read_label_lists
from mlresample.readers._label_table import LabelTable
from mlresample.readers._yolo import read_yolo

__all__ = [
    "LabelTable",
    "read_coco",
    "read_indicators",
    "read_label_lists",
    "read_yolo",
]
