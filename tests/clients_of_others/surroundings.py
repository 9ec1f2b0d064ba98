"""What other people's clients find around them: speech, an agent with the bundled model, TLS before it, a page."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.server
import ipaddress
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import soxr
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from clients.bench.plan import RATE as CLIP_RATE
from clients.bench.plan import Clip, clips

HERE = Path(__file__).parent
KEY = "sk-of-the-clients"
STARTS_WITHIN_S = 120
RATE = 24_000
VOICE = "flite"
SAID = {
    "question": "What is the capital of France?",
    "request": "Tell me a long story about a dragon who lived in the mountains.",
    "interruption": "Actually, let us talk about the weather.",
}


def said(name: str) -> Clip:
    """The recording of `question`, `request` or `interruption`."""
    return next(clip for clip in clips() if clip.text == SAID[name] and clip.voice == VOICE)


def write_spoken(folder: Path) -> None:
    """All that the drivers' person can say, as 24 kHz mono WAV files."""
    for name in SAID:
        sound = soxr.resample(said(name).sound(), CLIP_RATE, RATE)
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


# --- the agent ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Agent:
    """A running agent, and the port of a page that may call it."""

    port: int
    page_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def short_lived_key(self) -> str:
        """What an application's own backend asks for on behalf of its page."""
        asked = urllib.request.Request(
            f"{self.url}/v1/realtime/client_secrets",
            data=json.dumps({"session": {"type": "realtime", "model": "gpt-realtime"}}).encode(),
            headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return str(json.load(answer)["value"])


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def running_agent(folder: Path) -> Iterator[Agent]:
    """An agent that is ready to be called, and asks for `KEY`; its log and records lie in `folder`."""
    agent = Agent(free_port(), free_port())
    log = folder / "log.txt"
    settings = {
        "COLLOQUY_PORT": str(agent.port),
        "COLLOQUY_API_KEY": KEY,
        "COLLOQUY_ALLOWED_ORIGINS": f"http://127.0.0.1:{agent.page_port}",
        "COLLOQUY_RECORD": str(folder),
        "COLLOQUY_LOG_LEVEL": "debug",
    }
    with log.open("w") as written:
        command = [sys.executable, "-m", "agent", "serve"]
        process = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=written, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{agent.url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    break
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, "the agent did not start in time:\n" + log.read_text()[-3000:]
            time.sleep(0.2)
        yield agent
    finally:
        process.terminate()
        process.wait(20)


# --- TLS ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Secure:
    """The agent's address behind TLS, and the certificate to trust."""

    url: str
    certificate: Path


@contextlib.contextmanager
def secured(agent: Agent, folder: Path) -> Iterator[Secure]:
    """Takes TLS connections and hands them on to the agent."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    _write_certificate(certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", agent.port)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(accepted, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield Secure(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", certificate)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def _write_certificate(certificate: Path, key: Path) -> None:
    """A certificate of 127.0.0.1 for a day, signed by itself."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key.write_bytes(private)


# --- a page ---------------------------------------------------------------------------------


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path, port: int) -> Iterator[str]:
    """Serves `folder` to browsers; its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.shutdown()
