"""What pytest leaves out: what is no test, and what needs a dependency that is missing."""

from importlib.util import find_spec

collect_ignore_glob = ["tests/torch/jobs.py"]  # a script
collect_ignore_glob += ["docs/*.py"]  # what Sphinx reads, and below what it writes
collect_ignore_glob += ["docs/_*", "docs/auto_examples*", "docs/generated*", "docs/sg_*"]
if not all(map(find_spec, ("torch", "iterstrat", "PIL"))):
    collect_ignore_glob += ["docs/guide/first.rst"]
if find_spec("torch") is None:
    collect_ignore_glob += ["mlresample/torch/*", "docs/guide/torch.rst"]
elif find_spec("transformers") is None:
    collect_ignore_glob += ["mlresample/torch/transformers.py"]
if find_spec("matplotlib") is None:
    collect_ignore_glob += ["mlresample/plots/*", "mlresample/_cli/_pictures.py"]
    collect_ignore_glob += ["docs/guide/report.rst"]
