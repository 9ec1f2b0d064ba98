"""Tests of a family that needs torch and transformers: without them there is nothing to collect."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # the tiny model
sys.path.insert(0, str(Path(__file__).parent.parent / "omni"))  # speaking.py

collect_ignore_glob = [] if find_spec("torch") and find_spec("transformers") else ["test_*.py"]
