#!/usr/bin/env bash
# Compile requirements.lock: versions and hashes of everything, no download address.
set -euo pipefail
cd "$(dirname "$0")/.."
exec "${UV:-uv}" pip compile --quiet --python-version 3.11 --universal --generate-hashes \
  --no-emit-index-url --no-header --no-annotate --no-emit-package desk-shared \
  requirements.in shared/pyproject.toml services/*/pyproject.toml -o requirements.lock "$@"
