"""``python -m mlresample``."""

import sys

from mlresample._cli import main

if __name__ == "__main__":
    sys.exit(main())
