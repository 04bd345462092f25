#!/bin/sh
# Every static check, all of them even when one fails, so that one run shows everything.
set -u
cd "$(dirname "$0")/.."
run=.venv/bin
failed=''

step() {
    name=$1
    shift
    printf '== %s\n' "$name"
    "$@" || failed="$failed $name"
}

sdl_drift() {
    "$run/imprint" schema print | diff -u schema.graphql - ||
        { echo "schema.graphql is not what the code says: imprint schema print > schema.graphql" >&2; return 1; }
}

permissions_drift() {
    "$run/imprint" schema permissions | diff -u docs/permissions.md - ||
        { echo "docs/permissions.md is not what the code says; where the change of rights is meant: imprint schema permissions > docs/permissions.md" >&2; return 1; }
}

templates() {
    files=$(find app auth ops workers -name '*.html' -path '*templates*')
    [ -z "$files" ] || printf '%s\n' "$files" | xargs "$run/djlint" --quiet --lint --profile jinja
}

catalogs() {
    "$run/python" -m ops.catalogs --check || { echo "a text without its translation, or the other way round: python -m ops.catalogs, then fill locales/*.po" >&2; return 1; }
}

step format "$run/ruff" format --check --quiet .
step lint "$run/ruff" check --quiet .
step types "$run/mypy"
step imports "$run/lint-imports" --no-cache
step migrations "$run/imprint" migrate check
step sdl sdl_drift
step permissions permissions_drift
step templates templates
step catalogs catalogs
[ -z "$failed" ] || { printf 'failed:%s\n' "$failed" >&2; exit 1; }
echo 'all checks passed'
