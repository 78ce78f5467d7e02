#!/usr/bin/env bash
# Make .venv what requirements.lock and the members' pyproject.toml files say; at once if it already is.
# Needs Python 3.11 or newer with its venv module; uses uv where it is on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."

complain() {
  printf '%s\n' "$@" >&2
  exit 1
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  complain "Python 3.11 or newer was not found (looked for: ${PYTHON:-python3.11 python3.12 python3.13 python3})." \
    "Install it (on Debian or Ubuntu: apt install python3.11 python3.11-venv), or name it: make setup PYTHON=/path/to/python3.11"
}

wanted_stamp() {
  "$1" - requirements.lock pyproject.toml shared/pyproject.toml tools/pyproject.toml agent/pyproject.toml services/*/pyproject.toml <<'PY'
import hashlib, pathlib, sys
digest = hashlib.sha256(sys.version.encode())
for name in sys.argv[1:]:
    digest.update(pathlib.Path(name).read_bytes())
print(digest.hexdigest())
PY
}

make_venv() {
  if command -v uv >/dev/null; then
    uv venv --quiet --python "$1" .venv
  else
    "$1" -m venv .venv || complain "Python's venv module does not work. On Debian or Ubuntu: apt install python3.11-venv"
  fi
}

install() {
  local members=(-e shared -e tools -e agent)
  local member
  for member in services/*/; do members+=(-e "$member"); done
  local pip=(.venv/bin/python -m pip --disable-pip-version-check)
  if command -v uv >/dev/null; then
    pip=(uv pip)
    export VIRTUAL_ENV="$PWD/.venv"
  fi
  # The lock names everything, so there is nothing to resolve.
  "${pip[@]}" install --quiet --no-deps --require-hashes -r requirements.lock
  "${pip[@]}" install --quiet --no-deps --no-build-isolation "${members[@]}"
}

main() {
  local python stamp=.venv/desk-stamp wanted
  if [ -x .venv/bin/python ]; then python=$PWD/.venv/bin/python; else python=$(find_python); fi
  wanted=$(wanted_stamp "$python")
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    return
  fi
  echo "Setting up .venv (a minute or two the first time) ..."
  [ -x .venv/bin/python ] || make_venv "$python"
  install
  echo "$wanted" >"$stamp"
  echo "Set up: $(.venv/bin/python --version), $(command -v uv >/dev/null && echo uv || echo pip)."
}

main
