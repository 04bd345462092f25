#!/bin/sh
# Makes .venv from uv.lock on a machine that may have nothing but Python. Says nothing when there is nothing to do.
set -eu
cd "$(dirname "$0")/.."
unset VIRTUAL_ENV

say() { printf 'imprint: %s\n' "$*" >&2; }
stop() { say "$*"; exit 2; }

find_python() {
    for candidate in python3.13 python3.12 python3.11 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    stop 'needs Python 3.11 or later: install it (Debian 12: apt install python3 python3-venv) and try again'
}

# Debian ships Python without venv and ensurepip; the package that has them carries Python's version in its name.
need_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        stop "this Python has no venv module: install it (Debian, Ubuntu: apt install $package) and try again"
    fi
    say "installing $package"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$package"; } >&2 ||
        stop "could not install $package: see the lines above"
}

make_venv_with_uv() {
    python=$(find_python)
    need_venv "$python"
    say "making .venv with $python"
    "$python" -m venv --clear .venv || stop 'could not make .venv: see the lines above'
    say 'installing uv into .venv'
    .venv/bin/python -m pip install --quiet --disable-pip-version-check uv || stop 'could not install uv by pip: see the lines above'
}

[ -w . ] || stop "cannot write in $(pwd): clone into a folder of your own"
if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then
    uv=uv
else
    .venv/bin/uv --version >/dev/null 2>&1 && .venv/bin/python -c '' 2>/dev/null || make_venv_with_uv
    uv=.venv/bin/uv
fi
compile=''
if [ ! -x .venv/bin/imprint ]; then
    say 'installing what uv.lock names into .venv (once)'
    compile=--compile-bytecode
fi
# shellcheck disable=SC2086 # empty means no argument
"$uv" sync --quiet --locked --extra embedded $compile || stop 'could not install what uv.lock names: see the lines above'
