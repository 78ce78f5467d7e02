#!/usr/bin/env bash
# One wheel for devices: the agent and the contracts, nothing else of the desk. DESTINATION also gets
# the lock of what it needs.
set -euo pipefail
cd "$(dirname "$0")/.."
to=${1:?the folder for the wheel}
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
mkdir -p "$to"
cp -r agent/desk_agent shared/contracts/desk_contracts "$build/"
sed 's/packages = \["desk_agent"\]/packages = ["desk_agent", "desk_contracts"]/' agent/pyproject.toml >"$build/pyproject.toml"
.venv/bin/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir "$to" "$build"
cp deploy/agent/requirements.lock "$to/"
