"""Until when something is good: the provider's certificates, and what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from auth.saml.certificates import span_of
from auth.saml.documents import Element
from auth.saml.settings import SamlSettings
from auth.sso.checks import NOTHING, Checks
from tenants.sentences import joined, sentence


def good_certificates(checks: Checks, settings: SamlSettings, now: datetime) -> list[str]:
    """Those of the provider's that are good today."""
    good = [certificate for certificate in settings.certificates if span_of(certificate).covers(now)]
    spans = [span_of(each) for each in settings.certificates]
    bad = joined(
        *(sentence("one that is good from {begins} to {ends}", begins=f"{one.begins:%Y-%m-%d}", ends=f"{one.ends:%Y-%m-%d}") for one in spans)
    )
    seen = sentence("{number} of them", number=len(good)) if good else bad
    checks.require("provider_certificate", "a signing certificate of the provider that is good today", seen, when=bool(good))
    return good


def moment(text: str | None) -> datetime | None:
    """A time in UTC, up to the calendar's ends: add nothing to it. None where there is none or it cannot be read."""
    try:
        found_time = datetime.fromisoformat(text or "")
        return found_time.replace(tzinfo=found_time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written(at: datetime | None) -> str:
    """As an administrator reads it, in any language."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else NOTHING


def check_window(checks: Checks, name: str, element: Element, clock_skew: int, now: datetime) -> None:
    """Between NotBefore and NotOnOrAfter, where they are there; clocks may differ by `clock_skew` seconds. Raises SignInRefused."""
    skew = timedelta(seconds=clock_skew)
    begins, ends = element.get("NotBefore"), element.get("NotOnOrAfter")
    from_when, until = moment(begins), moment(ends)
    early = begins is not None and (from_when is None or from_when > now + skew)
    late = ends is not None and (until is None or until <= now - skew)
    seen = {"begins": written(from_when) if from_when else begins or "…", "ends": written(until) if until else ends or "…", "now": written(now)}
    wanted = sentence("that it holds now, give or take {seconds} seconds", seconds=clock_skew)
    checks.require(name, wanted, sentence("good from {begins} to {ends}; our clock says {now}", **seen), when=not early and not late)
