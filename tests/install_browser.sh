#!/bin/sh
# The browser of the end-to-end tests, from the distribution's packages where that can be done without asking.
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(uname)" = Linux ] && command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then as_root=; elif sudo -n true 2>/dev/null; then as_root=sudo; else as_root=none; fi
    if [ "$as_root" != none ]; then
        echo "Installing Chromium for the browser tests ..."
        $as_root apt-get update -qq && $as_root apt-get install -y -qq chromium >/dev/null && exit 0
    fi
fi
echo "No Chromium was found and none could be installed: the browser tests will be skipped, and say so." >&2
