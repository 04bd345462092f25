from __future__ import annotations

import subprocess
import sys

HEAVY = {"lxml", "xmlsec", "onelogin", "ldap3", "dns"}
ELSEWHERE = {"argon2"}


def test_what_only_some_organizations_need_is_imported_when_the_first_of_them_does_and_what_hashes_passwords_never() -> None:
    code = f"import sys, app.main, ops.organizations.connecting, workers.process; print(sorted({HEAVY | ELSEWHERE!r} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
