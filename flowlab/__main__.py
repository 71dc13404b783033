"""``python -m flowlab``: see ``python -m flowlab --help``."""

import sys

from flowlab._src.lab.command import main

if __name__ == "__main__":
    sys.exit(main())
