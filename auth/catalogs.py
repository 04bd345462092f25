"""What pages and mails say, in each language: catalogs of messages (GNU gettext .po) beside the templates that use them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from auth.languages import ENGLISH
from tenants.sentences import Sentence

FOLDER = Path(__file__).parent / "locales"


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's words. What has no translation is said in English."""

    language: str
    messages: NullTranslations

    def gettext(self, message: str) -> str:
        return self.messages.gettext(message)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.messages.ngettext(one, many, number)

    def said(self, text: str) -> str:
        """A sentence with its values in their places, or a fixed text; whatever no catalog knows stays as it is."""
        pattern, values = (text.pattern, text.values) if isinstance(text, Sentence) else (text, {})
        found = self.gettext(pattern) if pattern else pattern
        return found.format(**{name: self._value(value) for name, value in values.items()}) if values else found

    def date(self, day: date) -> str:
        return format_date(day, format="medium", locale=_locale(self.language))

    def moment(self, at: datetime) -> str:
        """In UTC, and saying so."""
        in_utc = at.astimezone(UTC)
        return f"{self.date(in_utc)}, {format_time(in_utc, format='short', tzinfo=UTC, locale=_locale(self.language))} UTC"

    def number(self, number: float) -> str:
        return format_decimal(number, locale=_locale(self.language))

    def _value(self, value: object) -> object:
        match value:
            case Sentence():
                return self.said(value)
            case datetime():
                return self.moment(value)
            case date():
                return format_date(value, format="long", locale=_locale(self.language))
            case bool():
                return value
            case int() | float():
                return self.number(value)
        return value


@cache
def wording(language: str, *folders: Path) -> Wording:
    """`folders`: where catalogs named like `de.po` lie besides this package's own."""
    messages: NullTranslations = NullTranslations()
    if language != ENGLISH:
        for folder in (FOLDER, *folders):
            catalog = _catalog(folder / f"{language}.po", language)
            catalog.add_fallback(messages)
            messages = catalog
    return Wording(language, messages)


def _locale(language: str) -> str:
    """English is written as the pages are: British."""
    return "en_GB" if language == ENGLISH else language


def _catalog(path: Path, language: str) -> GNUTranslations:
    with path.open("rb") as file:
        catalog = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)
