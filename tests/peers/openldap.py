"""OpenLDAP with a few people and groups, on this machine, gone afterwards."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPException

from ops.stack.memory import free_port
from tests.peers.certificates import Authority

SLAPD = Path("/usr/sbin/slapd")
READER, READER_PASSWORD = "cn=reader", "readerpw"
_CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
{memberof}
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
TLSProtocolMin 3.3
allow bind_anon_dn
{more}
database mdb
suffix "{base}"
rootdn "cn=admin,{base}"
rootpw adminpw
directory {folder}/db
{overlay}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,{base}" read by users read by * none
"""
_OVERLAY = """overlay memberof
memberof-group-oc groupOfNames
memberof-member-ad member
memberof-memberof-ad memberOf"""
_PEOPLE = """
dn: {base}
objectClass: dcObject
objectClass: organization
o: Organization
dc: {name}

dn: cn=reader,{base}
objectClass: person
sn: reader
cn: reader
userPassword: readerpw

dn: ou=people,{base}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{base}
objectClass: organizationalUnit
ou: groups

dn: uid=alice,ou=people,{base}
objectClass: inetOrgPerson
uid: alice
cn: Alice Archer
sn: Archer
mail: alice@{name}.example
userPassword: alicepw

dn: uid=bob,ou=people,{base}
objectClass: inetOrgPerson
uid: bob
cn: Bob (B) *
sn: B
mail: bob@{name}.example
userPassword: bobpw

dn: uid=dora,ou=people,{base}
objectClass: inetOrgPerson
uid: dora
cn: Dora of {name}
sn: Dora
mail: dora@{name}.example
userPassword: dorapw

dn: uid=twin,ou=people,{base}
objectClass: inetOrgPerson
uid: twin
cn: Twin
sn: One
mail: twins@{name}.example
userPassword: twinpw

dn: uid=twin2,ou=people,{base}
objectClass: inetOrgPerson
uid: twin2
cn: Twin
sn: Two
mail: twins@{name}.example
userPassword: twinpw
"""


@dataclass(frozen=True, slots=True)
class Directory:
    """`ca`: PEM of the authority that signed the server's certificate."""

    base: str
    port: int
    tls_port: int
    ca: str

    @property
    def ldaps(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def plain(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def reader(self) -> str:
        return f"{READER},{self.base}"


@contextmanager
def running(
    name: str, *, more: str = "", hosts: tuple[str, ...] = ("127.0.0.1", "localhost"), tls: bool = True, member_of: bool = True, elsewhere: int = 1
) -> Iterator[Directory]:
    """The tree dc=`name`; `hosts` are those its certificate names, without `tls` it has none at all, without `member_of` people name no groups.

    `elsewhere`: the port that it refers to for people it does not have.
    """
    folder = Path(tempfile.mkdtemp(prefix="imprint-slapd-"))
    authority = Authority.new(f"{name}'s authority")
    base = f"dc={name},dc=example"
    directory = Directory(base, free_port(), free_port(), authority.pem.certificate)
    _write(folder, authority, hosts, base, name, more, tls=tls, member_of=member_of)
    subprocess.run(["/usr/sbin/slapadd", "-q", "-f", folder / "slapd.conf", "-l", folder / "people.ldif"], check=True, capture_output=True)
    urls = f"{directory.plain}/ {directory.ldaps}/" if tls else f"{directory.plain}/"
    log = (folder / "log").open("wb")
    process = subprocess.Popen([SLAPD, "-f", folder / "slapd.conf", "-h", urls, "-d", "0"], stdout=log, stderr=log)
    try:
        _add_groups(directory, elsewhere)
        yield directory
    finally:
        process.terminate()
        process.wait()
        log.close()
        shutil.rmtree(folder)


def _write(folder: Path, authority: Authority, hosts: tuple[str, ...], base: str, name: str, more: str, *, tls: bool, member_of: bool) -> None:
    (folder / "db").mkdir()
    server = authority.server(*hosts)
    (folder / "ca.pem").write_text(authority.pem.certificate)
    (folder / "server.pem").write_text(server.certificate)
    (folder / "server.key").write_text(server.key)
    overlay = {"memberof": "moduleload memberof", "overlay": _OVERLAY} if member_of else {"memberof": "", "overlay": ""}
    text = _CONFIGURATION.format(folder=folder, base=base, more=more, **overlay)
    (folder / "slapd.conf").write_text(text if tls else "\n".join(line for line in text.splitlines() if not line.startswith("TLS")))
    (folder / "people.ldif").write_text(_PEOPLE.format(base=base, name=name).lstrip())


def _add_groups(directory: Directory, elsewhere: int) -> None:
    """Over LDAP, so that memberOf is filled: alice is an editor, editors are staff, bob is staff, staff is in a circle and the circle in staff."""
    people, groups = f"ou=people,{directory.base}", f"ou=groups,{directory.base}"
    connection = _once_it_answers(directory)
    with connection:
        members = {
            "editors": [f"uid=alice,{people}"],
            "staff": [f"cn=editors,{groups}", f"uid=bob,{people}"],
            "circle": [f"cn=staff,{groups}"],
        }
        for name, held in members.items():
            assert connection.add(f"cn={name},{groups}", "groupOfNames", {"member": held}), connection.result
        assert connection.modify(f"cn=staff,{groups}", {"member": [(ldap3.MODIFY_ADD, [f"cn=circle,{groups}"])]}), connection.result
        controls = [("2.16.840.1.113730.3.4.2", True, None)]  # ManageDsaIT (RFC 3296): the referral itself
        referral = {"ref": f"ldap://127.0.0.1:{elsewhere}/ou=people,dc=evil,dc=example", "ou": "remote"}
        assert connection.add(f"ou=remote,{people}", ["referral", "extensibleObject"], referral, controls=controls), connection.result


def _once_it_answers(directory: Directory) -> Any:
    for _ in range(200):
        server = ldap3.Server("127.0.0.1", directory.port, get_info=ldap3.NONE)  # anew: one remembers for minutes that nobody answered
        try:
            return ldap3.Connection(server, f"cn=admin,{directory.base}", "adminpw", auto_bind=True)
        except LDAPException:
            time.sleep(0.05)
    raise RuntimeError("slapd did not start")
