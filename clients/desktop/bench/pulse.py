"""A sound system of the bench's own: PulseAudio with a loudspeaker and a microphone that exist in no room but ours."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

LOUDSPEAKER = "loudspeaker"
MICROPHONE = "microphone"
STARTS_WITHIN_S = 20.0


def missing() -> str:
    """What is not installed; "": everything is there."""
    lacking = [name for name in ("pulseaudio", "pactl", "parec", "pacat") if shutil.which(name) is None]
    return f"{', '.join(lacking)} not found (Debian: pulseaudio, pulseaudio-utils)" if lacking else ""


@contextlib.contextmanager
def sound_system() -> Iterator[dict[str, str]]:
    """A null sink and a source that hears what is written into a pipe; gives the environment in which they are the
    default devices. Raises `RuntimeError` when PulseAudio does not start.
    """
    with tempfile.TemporaryDirectory(prefix="colloquy-sound-") as name:
        folder = Path(name)
        folder.chmod(0o700)
        socket, log = folder / "native", folder / "log"
        environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": name,
            "XDG_CONFIG_HOME": name,
            "PULSE_RUNTIME_PATH": name,
            "PULSE_STATE_PATH": name,
            "PULSE_SERVER": f"unix:{socket}",
        }
        modules = [f"module-native-protocol-unix socket={socket} auth-anonymous=1"]
        modules.append(f"module-null-sink sink_name={LOUDSPEAKER} rate=48000 channels=1")
        # A pipe has no clock of its own: the microphone's is the loudspeaker's, as on one card.
        pipe = f"file={folder / MICROPHONE} format=s16le rate=48000 channels=1"
        modules.append(f"module-pipe-source source_name={MICROPHONE} {pipe}")
        command = ["pulseaudio", "--daemonize=no", "-n", "--exit-idle-time=-1", f"--log-target=file:{log}"]
        command += [part for module in modules for part in ("-L", module)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + STARTS_WITHIN_S
            for order in (("set-default-sink", LOUDSPEAKER), ("set-default-source", MICROPHONE)):
                while subprocess.run(["pactl", *order], env=environment, capture_output=True, check=False).returncode:
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise RuntimeError("PulseAudio did not start: " + log.read_text(errors="replace")[-1000:])
                    time.sleep(0.05)
            yield environment
        finally:
            process.terminate()
            process.wait(10)
