"""Check what the wheel and the sdist in a folder hold: ``python .ci/check_dist.py dist``."""

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

folder = Path(sys.argv[1])
(wheel,) = folder.glob("*.whl")
(sdist,) = folder.glob("*.tar.gz")
listing = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout
tracked = set(listing.splitlines())
problems = []


def compare(what, found, expected):
    """Note what is missing and what is too much."""
    problems.extend(f"{what} lacks {name}" for name in sorted(expected - found))
    problems.extend(f"{what} should not hold {name}" for name in sorted(found - expected))


with tarfile.open(sdist) as archive:
    in_sdist = {name.partition("/")[2] for name in archive.getnames()}
compare(sdist.name, in_sdist, tracked | {"PKG-INFO"})

with zipfile.ZipFile(wheel) as archive:
    info = "-".join(wheel.name.split("-")[:2]) + ".dist-info"
    metadata = archive.read(f"{info}/METADATA").decode()
    entry_points = archive.read(f"{info}/entry_points.txt").decode()
    in_wheel = set(archive.namelist())
package = {name for name in tracked if name.startswith("mlresample/")} | {"mlresample/py.typed"}
files = ["METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"]
compare(wheel.name, in_wheel, package | {f"{info}/{name}" for name in files})

if "mlresample = mlresample._cli:main" not in entry_points:
    problems.append(f"{wheel.name} does not install the command mlresample")
for link in re.findall(r"\]\((?!https?://)[^)]*\)", metadata):
    problems.append(f"{wheel.name}: in the README a link breaks on a package index: {link}")

print(f"{sdist.name} has {len(in_sdist)} files, {wheel.name} {len(in_wheel)}")
sys.exit("\n".join(problems) or 0)
