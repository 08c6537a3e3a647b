"""What pytest leaves out where an optional dependency is missing."""

from importlib.util import find_spec

collect_ignore_glob = ["tests/torch/jobs.py"]  # a script
if find_spec("torch") is None:
    collect_ignore_glob += ["mlresample/torch/*", "docs/guide/torch.rst"]
elif find_spec("transformers") is None:
    collect_ignore_glob += ["mlresample/torch/transformers.py"]
if find_spec("matplotlib") is None:
    collect_ignore_glob += ["mlresample/plots/*", "mlresample/_cli/_pictures.py"]
    collect_ignore_glob += ["docs/guide/report.rst"]
