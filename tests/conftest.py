import sys
from pathlib import Path

# The tests are no packages (import mode "importlib"): what all of them share is found here.
sys.path.insert(0, str(Path(__file__).parent))
