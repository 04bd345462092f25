"""Keeping the catalogs of messages: `python -m ops.catalogs` brings them up to date, `--check` says what is missing or stale.

What is extracted: texts of templates; in Python the patterns of sentences, what refusals say, objections to fields, and what checks of a
sign-in expect and find.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).parent.parent
LANGUAGES = ("de", "fr")
_OPTIONS = {"silent": "false", "trimmed": "true", "newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
_HOLES = re.compile(r"%\((\w+)\)s|\{(\w+)(?:![rs])?(?::[^}]*)?\}")
_PROSE = re.compile(r"^[A-Z][^-]*[a-z][^-]*$| ")  # no names of headers
_SAYING = frozenset({"sentence", "as_sentence", "Room", "Button"})
_REFUSING = re.compile(
    r"Conflict|Forbidden|NotFound|InvalidRequest|Unauthenticated|UnsupportedMedia|TooLarge|Busy|RateLimited|RetryLater|Refusal|NotFetched|Unreadable|\w+Refused"
)
# Roles that every organization begins with, as pages write them.
_ROLES = ("Owner", "Admin", "Content manager", "Editor", "Author", "Moderator", "Reader")
# What the control schema calls the state of an organization, a run or a delivery, as pages write it.
_STATES = ("Active", "Provisioning", "Suspended", "Deleting", "Running", "Done", "Failed", "Halted", "Interrupted")
# How people who come through a provider are looked at, which its administrator reads.
_ARRIVALS = ("app/users/accounts.py", "app/users/commands/arrivals.py")
# What these refuse is seen on pages, too.
_BELOW = ("tenants/errors.py", "tenants/hosts.py", "tenants/resolver.py", "tenants/slugs.py")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of catalogs, and the code whose texts they hold. Of `tables` every text that begins with a capital letter is one."""

    catalogs: Path
    code: tuple[str, ...]
    tables: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()

    def extracted(self) -> Catalog:
        catalog = Catalog()
        for text in self.besides:
            catalog.add(text)
        for part in self.code:
            for path in sorted((ROOT / part).rglob("templates/*.*")):
                for id in _of_template(path):
                    catalog.add(id)
            for path in sorted((ROOT / part).rglob("*.py")) or [ROOT / part]:
                for text in sorted(_of_code(path, table=path.relative_to(ROOT).as_posix() in self.tables)):
                    catalog.add(text)
        return catalog


PLACES = (
    Place(ROOT / "auth/locales", ("auth", *_BELOW, "app/edge"), tables=("app/edge/refusals.py",), besides=_ROLES),
    Place(
        ROOT / "app/admin/locales",
        ("app/admin", *_ARRIVALS),
        tables=("app/admin/sign_on/kinds.py", "app/admin/sign_on/checks.py"),
    ),
    Place(ROOT / "workers/locales", ("workers",)),
    Place(ROOT / "ops/console/locales", ("ops/console",), besides=_STATES),
)


def update() -> None:
    """Add what is new, without a translation; drop what nothing says any more."""
    for place in PLACES:
        extracted = place.extracted()
        for language in LANGUAGES:
            path = place.catalogs / f"{language}.po"
            known = _read(path, language)
            written = Catalog(locale=language, header_comment=f"# What the pages say, in {language}. Kept by python -m ops.catalogs.", fuzzy=False)
            for message in extracted:
                if message.id:
                    before = known.get(message.id)
                    written.add(message.id, before.string if before else "")
            path.parent.mkdir(exist_ok=True)
            with path.open("wb") as file:
                write_po(file, written, width=0, omit_header=False, sort_output=True, no_location=True)
            _without_dates(path)


def problems() -> Iterator[str]:
    """Every message without a translation, with other placeholders than its English has, or that nothing says any more."""
    for place in PLACES:
        extracted = {message.id for message in place.extracted() if message.id}
        for language in LANGUAGES:
            path = place.catalogs / f"{language}.po"
            known = _read(path, language)
            where = path.relative_to(ROOT)
            yield from (f"{where}: no translation of {id!r}" for id in sorted(extracted, key=str) if not _translated(known.get(id)))
            yield from (f"{where}: stale {m.id!r}" for m in known if m.id and m.id not in extracted)
            yield from (f"{where}: other placeholders in {m.id!r}" for m in known if m.id and _translated(m) and not _same_holes(m))


def _of_template(path: Path) -> Iterator[str | tuple[str, str]]:
    with path.open("rb") as file:
        for _, function, message, _ in babel_extract(file, ("_", "gettext", "ngettext"), (), _OPTIONS):
            texts = [text for text in (message if isinstance(message, tuple) else (message,)) if text is not None]
            if texts:
                yield (texts[0], texts[1]) if function == "ngettext" else texts[0]


def _of_code(path: Path, *, table: bool) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    documented = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(text)), *_]) if name in _SAYING or _REFUSING.fullmatch(name):
                yield text
            case ast.Call(func=ast.Attribute(attr="__init__", value=ast.Call()), args=[ast.Constant(value=str(text)), *_]):
                yield text
            case ast.Call(func=ast.Attribute(attr="require") | ast.Name(id="refused" | "Check"), args=[_, expected, found, *_]):
                yield from _said_of(expected)
                yield from _said_of(found)
            case ast.Call(func=ast.Name(id="ValidationFailed"), args=[ast.Dict(values=values), *_]):
                yield from (value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str))
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id="wrong"))], value=ast.Constant(value=str(text))):
                yield text
            case ast.Constant(value=str(text)) if table and text[:1].isupper() and text not in documented and _PROSE.search(text):
                yield text


def _said_of(value: ast.expr) -> Iterator[str]:
    """The fixed texts among what this may be."""
    match value:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _said_of(one)
            yield from _said_of(other)
        case ast.BoolOp(values=values):
            for each in values:
                yield from _said_of(each)


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _without_dates(path: Path) -> None:
    """So that a run that changes nothing changes nothing."""
    kept = [
        line
        for line in path.read_text().splitlines(keepends=True)
        if not re.match(
            r'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Project-Id-Version|Report-Msgid-Bugs-To|Language-Team)', line
        )
    ]
    path.write_text("".join(kept))


def _translated(message: Message | None) -> bool:
    if message is None or message.fuzzy:
        return False
    return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)


def _same_holes(message: Message) -> bool:
    wanted = {hole for id in _each(message.id) for hole in _holes(id)}
    return all(_holes(string) == wanted for string in _each(message.string))


def _each(text: object) -> list[str]:
    return [str(one) for one in text] if isinstance(text, tuple | list) else [str(text)]


def _holes(text: str) -> set[str]:
    return {found[1] or found[2] for found in _HOLES.finditer(text)}


def main() -> int:
    if "--check" not in sys.argv[1:]:
        update()
    found = list(problems())
    sys.stderr.writelines(f"{line}\n" for line in found)
    return 1 if found and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
