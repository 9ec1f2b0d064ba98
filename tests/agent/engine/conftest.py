"""The toy family, and an engine that runs as far as a test says."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "toy"))
sys.path.insert(0, str(Path(__file__).parent))
