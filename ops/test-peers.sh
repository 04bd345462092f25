#!/bin/sh
# Installs the programs that some tests meet as peers, where that is possible; elsewhere names what is missing.
set -eu

say() { printf 'imprint: %s\n' "$*" >&2; }
has() {
    case $1 in
        chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ;;
        postgresql-15) [ -x /usr/lib/postgresql/15/bin/postgres ] ;;
    esac
}
missing() { for peer in chromium postgresql-15; do has "$peer" || printf ' %s' "$peer"; done; }

wanted=$(missing)
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; then
    say "installing the tests' peers:$wanted"
    apt-get update -q >/dev/null 2>&1 || say 'apt-get update failed; going on with the lists at hand'
    for peer in $wanted; do
        # RUNLEVEL=1 keeps the package from starting a server that nobody asked for.
        RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$peer" >/dev/null 2>&1 || true
    done
fi
wanted=$(missing)
[ -z "$wanted" ] || say "not on this machine, so the tests that need them are skipped by name:$wanted"
