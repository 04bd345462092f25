#!/bin/sh
# Installs the programs that some tests meet as peers, where that is possible; elsewhere names what is missing.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'imprint: %s\n' "$*" >&2; }
has() {
    case $1 in
        chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ;;
        pgbouncer) [ -x /usr/sbin/pgbouncer ] ;;
        nodejs) command -v node >/dev/null ;;
        npm) command -v npm >/dev/null || { has samlp && has oidc_provider; } ;;
        samlp | oidc_provider) [ -f "tests/peers/$1/node_modules/.package-lock.json" ] ;;
        postgresql-15) [ -x /usr/lib/postgresql/15/bin/postgres ] ;;
        slapd) [ -x /usr/sbin/slapd ] ;;
    esac
}
missing() { for peer in chromium pgbouncer postgresql-15 slapd nodejs npm; do has "$peer" || printf ' %s' "$peer"; done; }

wanted=$(missing)
if [ -z "$wanted" ]; then
    ! has samlp || ! has oidc_provider || exit 0
elif [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; then
    say "installing the tests' peers:$wanted"
    apt-get update -q >/dev/null 2>&1 || say 'apt-get update failed; going on with the lists at hand'
    for peer in $wanted; do
        # RUNLEVEL=1 keeps the package from starting a server that nobody asked for.
        RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$peer" >/dev/null 2>&1 || true
    done
fi
for peer in samlp oidc_provider; do
    if ! has "$peer" && has nodejs && command -v npm >/dev/null; then
        say "installing the tests' $peer, as its package-lock.json names it"
        npm ci --prefix "tests/peers/$peer" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || true
    fi
done
wanted="$(missing)$(has samlp || printf ' samlp')$(has oidc_provider || printf ' oidc_provider')"
[ -z "$wanted" ] || say "not on this machine, so the tests that need them are skipped by name:$wanted"
