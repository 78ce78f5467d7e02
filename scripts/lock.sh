#!/usr/bin/env bash
# Compile requirements.lock and, without development tools, requirements-run.lock for images;
# what only metrics needs has a lock of its own for that one image.
# Versions and hashes of everything, no download address.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
  "${UV:-uv}" pip compile --quiet --python-version 3.11 --universal --generate-hashes \
    --no-emit-index-url --no-header --no-annotate --no-emit-package desk-shared --no-emit-package desk-tools "$@"
}

members=(shared/pyproject.toml services/*/pyproject.toml)
# Extras are run by people, never in an image: the first lock has them, the second has not.
compile requirements.in "${members[@]}" --extra learn -o requirements.lock "$@"
# Held to the first, so that images run what was tested.
compile "${members[@]}" --constraint requirements.lock \
  --no-emit-package pyarrow --no-emit-package jinja2 --no-emit-package markupsafe -o requirements-run.lock
printf 'jinja2\npyarrow\n' | compile - --constraint requirements.lock -o requirements-metrics.lock
