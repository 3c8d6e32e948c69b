"""`python -m robo`."""

import sys

from robo.cli import main

if __name__ == "__main__":
    sys.exit(main())
