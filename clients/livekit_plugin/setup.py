"""Builds the distribution with a copy of the wire's message types in it.

They are written once, in `streaming/realtime/`; the plugin imports nothing of the project that it is built in, so it
carries a copy. A source distribution carries it, too, and is built without the project beside it.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
ORIGINAL = HERE.parent.parent / "streaming" / "realtime"
COPY = Path("livekit", "plugins", "colloquy", "_wire")


def copy_wire(target: Path) -> None:
    original = ORIGINAL if ORIGINAL.is_dir() else HERE / COPY
    if not original.is_dir():
        raise SystemExit(f"the wire's message types are neither in {ORIGINAL} nor in {HERE / COPY}")
    if original.resolve() == target.resolve():
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in sorted(original.glob("*.py")):
        shutil.copyfile(file, target / file.name)


class BuildWithWire(build_py):
    def run(self) -> None:
        super().run()
        # Editable: what is imported is the source folder itself.
        copy_wire(HERE / COPY if self.editable_mode else Path(self.build_lib) / COPY)


class SourceWithWire(sdist):
    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        copy_wire(Path(base_dir) / COPY)


setup(cmdclass={"build_py": BuildWithWire, "sdist": SourceWithWire})
