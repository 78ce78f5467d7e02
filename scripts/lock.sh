#!/usr/bin/env bash
# Compile requirements.lock, and for images deploy/images/locks: base.lock, which every service needs,
# and for each image that needs more a lock of that alone. Needs uv.
# Versions and hashes of everything, no download address.
set -euo pipefail
cd "$(dirname "$0")/.."
locks=deploy/images/locks

compile() {
  "${UV:-uv}" pip compile --quiet --python-version 3.11 --universal --generate-hashes \
    --no-emit-index-url --no-header --no-annotate \
    --no-emit-package desk-shared --no-emit-package desk-tools "$@"
}

# The pins of the second file that the first has not.
without() {
  python3 - "$1" "$2" <<'PY'
import pathlib, re, sys

def pins(path):
    return re.findall(r"^\S.*(?:\n[ ]{4}.*)*", pathlib.Path(path).read_text(), re.MULTILINE)

base = set(pins(sys.argv[1]))
print("\n".join(pin for pin in pins(sys.argv[2]) if pin not in base))
PY
}

members=(shared/pyproject.toml tools/pyproject.toml agent/pyproject.toml services/*/pyproject.toml)
# Extras are run by people, never in an image: the first lock has them, the others have not.
compile requirements.in "${members[@]}" --extra learn -o requirements.lock "$@"
# What a device installs beside the agent's wheel.
compile agent/pyproject.toml --constraint requirements.lock -o deploy/agent/requirements.lock
# Held to the first, so that images run what was tested.
compile shared/pyproject.toml --constraint requirements.lock -o $locks/base.lock
for member in tools services/*; do
  name=$(basename "$member") whole=$(mktemp)
  compile shared/pyproject.toml "$member/pyproject.toml" --constraint requirements.lock -o "$whole"
  without $locks/base.lock "$whole" >$locks/$name.lock
  [ -n "$(tr -d '[:space:]' <$locks/$name.lock)" ] || rm $locks/$name.lock
  rm "$whole"
done
