#!/usr/bin/env bash
# Install the servers of tests that are no package of Python or Java: SSH, an LDAP directory, Prometheus.
# Only as root on Debian or Ubuntu; elsewhere, and where it fails, it says so and the tests that need one are skipped.
set -uo pipefail

missing=()
[ -x /usr/sbin/sshd ] || missing+=(openssh-server)
[ -x /usr/sbin/slapd ] || missing+=(slapd ldap-utils)
command -v promtool >/dev/null || missing+=(prometheus)
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Not here: ${missing[*]}. Tests that need them are skipped."
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
if apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
  echo "Installed: ${missing[*]}."
else
  echo "Could not be installed: ${missing[*]}. Tests that need them are skipped."
fi
