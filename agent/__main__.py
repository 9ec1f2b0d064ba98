"""`python -m agent`: the same as `colloquy`."""

import sys

from agent.cli import main

sys.exit(main())
