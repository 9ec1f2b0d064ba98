#!/bin/sh
# Other people's clients of the Realtime API, unmodified, at exact versions: the Python ones into an environment of
# their own (they bring much along that the product has no use for), the Node ones beside their drivers.
set -eu
cd "$(dirname "$0")/../.."
here=tests/clients_of_others
venv=.venv-clients

if ! cmp -s "$here/python/requirements.txt" "$venv/installed.txt"; then
    echo "Installing the Python clients into $venv (about 800 MB) ..."
    .venv/bin/python -m venv "$venv"
    "$venv/bin/python" -m pip --disable-pip-version-check install --quiet --requirement "$here/python/requirements.txt"
    cp "$here/python/requirements.txt" "$venv/installed.txt"
fi

if ! command -v npm >/dev/null 2>&1; then
    echo "There is no Node (npm): the tests of its clients will be skipped, and say so." >&2
elif ! cmp -s "$here/node/package.json" "$here/node/node_modules/installed.json"; then
    echo "Installing the Node clients into $here/node ..."
    # A lock file would record where the packages came from; the versions are exact as they are.
    (cd "$here/node" && npm install --no-package-lock --no-audit --no-fund --loglevel=error)
    cp "$here/node/package.json" "$here/node/node_modules/installed.json"
fi
sh tests/install_browser.sh
