#!/bin/sh
# What the desktop assistant's test with a real sound system needs. What cannot be had skips that test, by name.
if [ "$(uname)" != Linux ] || { command -v pulseaudio && command -v parec && ldconfig -p | grep libportaudio; } >/dev/null 2>&1; then
    exit 0
fi
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then as_root=; elif sudo -n true 2>/dev/null; then as_root=sudo; else as_root=none; fi
    if [ "$as_root" != none ]; then
        echo "Installing PortAudio and PulseAudio for the tests of the desktop assistant ..."
        $as_root apt-get update -qq &&
            $as_root apt-get install -y -qq libportaudio2 pulseaudio pulseaudio-utils >/dev/null && exit 0
    fi
fi
echo "PortAudio or PulseAudio is missing: the test of the desktop assistant's real sound will be skipped, and say so." >&2
