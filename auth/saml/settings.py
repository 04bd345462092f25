"""What a SAML connection knows of its provider, and what it asks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from auth.saml.certificates import certificates_in
from tenants.errors import ValidationFailed
from tenants.sentences import sentence

Binding = Literal["redirect", "post"]
LONGEST = 1000
MOST_CERTIFICATES = 8
SKEW = 60
LARGEST_SKEW = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlSettings:
    """As kept with the connection. `certificates`: PEM, all of them accepted. `metadata_url`: where theirs is read again.

    `attribute_…`: the provider's name of an attribute where it is none of the usual ones. `attribute_subject`: the attribute
    that is the person's lasting id, where that is not the NameID. `clock_skew` in seconds.
    """

    entity_id: str
    sso_url: str
    sso_binding: Binding = "redirect"
    slo_url: str | None = None
    slo_binding: Binding = "redirect"
    slo_response_url: str | None = None
    certificates: tuple[str, ...] = ()
    metadata_url: str | None = None
    name_id_format: str | None = None
    sign_requests: bool = False
    want_encrypted: bool = False
    idp_initiated: bool = False
    clock_skew: int = SKEW
    attribute_email: str | None = None
    attribute_name: str | None = None
    attribute_username: str | None = None
    attribute_groups: str | None = None
    attribute_subject: str | None = None

    @classmethod
    def kept(cls, settings: Mapping[str, Any]) -> Self:
        return cls(**{**settings, "certificates": tuple(settings["certificates"])})

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "certificates": list(self.certificates)}

    @classmethod
    def checked(cls, given: Mapping[str, Any], objection: Callable[[str], str | None]) -> Self:
        """Raises ValidationFailed naming all that is wrong. `objection`: what is wrong with an address."""
        known = {field.name for field in fields(cls)}
        wrong = dict.fromkeys(sorted(given.keys() - known), "is not known here")
        values = {name: value for name, value in given.items() if name in known and value is not None and value != ""}
        values["certificates"] = _certificates(values.get("certificates", ()), wrong)
        for name in ("entity_id", "sso_url"):
            if name not in values:
                wrong[name] = "is missing: give the provider's metadata, or this by itself"
        for name, value in values.items():
            if problem := _objection(name, value, objection):
                wrong.setdefault(name, problem)
        if wrong:
            raise ValidationFailed(wrong)
        return cls(**values)


def _certificates(given: Any, wrong: dict[str, str]) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else list(given)
    try:
        found = tuple(dict.fromkeys(certificate for text in texts for certificate in certificates_in(text)))
    except (ValueError, TypeError) as error:
        wrong["certificates"] = sentence("holds one that cannot be taken: {why}", why=str(error))
        return ()
    if not found:
        wrong["certificates"] = "is missing: without the provider's signing certificate nothing it says can be believed"
    if len(found) > MOST_CERTIFICATES:
        wrong["certificates"] = sentence("takes at most {most}", most=MOST_CERTIFICATES)
    return found


def _objection(name: str, value: Any, address: Callable[[str], str | None]) -> str | None:
    if name == "certificates":
        return None
    if name in {"sign_requests", "want_encrypted", "idp_initiated"}:
        return None if isinstance(value, bool) else "takes true or false"
    if name == "clock_skew":
        whole = isinstance(value, int) and not isinstance(value, bool)
        return None if whole and 0 <= value <= LARGEST_SKEW else f"takes 0 to {LARGEST_SKEW} seconds"
    if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
        return f"takes at most {LONGEST} printable characters"
    if name in {"sso_binding", "slo_binding"}:
        return None if value in {"redirect", "post"} else "takes redirect or post"
    return address(value) if name.endswith("_url") else None
