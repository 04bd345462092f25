"""Where an address is, as far as a file says that the operator named (MaxMind DB, as GeoLite2 City has it). Nobody is asked over the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tenants.errors import ConfigurationError

if TYPE_CHECKING:
    from maxminddb import Reader

LONGEST = 80


class Places:
    """`file`: its path; without one nobody's place is known. Raises ConfigurationError for a file that is none of this kind."""

    def __init__(self, file: str) -> None:
        self._reader = opened(file) if file else None

    def of(self, address: str | None, language: str) -> str | None:
        """City and country in this language (BCP 47), else in English; None where the file knows neither."""
        if self._reader is None or address is None:
            return None
        try:
            found = self._reader.get(address)
        except (ValueError, RuntimeError):  # an IPv6 address, and a file of IPv4 alone; maxminddb's InvalidDatabaseError for a damaged one
            return None
        if not isinstance(found, dict):
            return None
        names = [name for name in (_name(found.get(part), language) for part in ("city", "country")) if name]
        return ", ".join(names) or None


def opened(file: str) -> Reader:
    """Raises ConfigurationError."""
    import maxminddb  # noqa: PLC0415 - for installations that name a file

    try:
        return maxminddb.open_database(file)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        raise ConfigurationError(
            [f"IMPRINT_GEOIP {file} cannot be read ({error}): name a file in MaxMind's format with cities, like GeoLite2-City.mmdb"]
        ) from error


def _name(part: Any, language: str) -> str | None:
    names = part.get("names") if isinstance(part, dict) else None
    found = (names.get(language) or names.get("en")) if isinstance(names, dict) else None
    return found[:LONGEST] if isinstance(found, str) else None
