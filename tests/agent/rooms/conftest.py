import sys
from pathlib import Path

# The tests are no packages (import mode "importlib"): their helpers are found by folder.
sys.path.insert(0, str(Path(__file__).parent))
