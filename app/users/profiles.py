"""What people say about themselves, and how they want the product to be: in clear, checked, and as it is kept in events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from app.shared import slugs
from app.shared.text import cleaned, objection
from app.users.values import LONGEST_NAME
from tenants.errors import ValidationFailed

LONGEST_BIO = 1000
LONGEST_LINE = 120
LONGEST_URL = 2000
LONGEST_PHONE = 40
LONGEST_LANGUAGE = 35  # RFC 5646, 4.4.1
CHANNELS = ("IN_APP", "EMAIL")
_URL_FIELDS = ("avatar_url", "website")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{3,38}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Profile:
    """Everybody may see it but for `phone` and `location`."""

    username: str
    name: str
    avatar_url: str | None = None
    bio: str | None = None
    website: str | None = None
    job_title: str | None = None
    pronouns: str | None = None
    phone: str | None = None
    location: str | None = None

    def revised(self, changes: Mapping[str, str | None]) -> Self:
        """This profile with some fields changed; empty text is none. Raises ValidationFailed naming every field that is wrong."""
        tidy: dict[str, Any] = {name: _tidy(name, text) for name, text in changes.items()}
        wrong = {_api_name(name): complaint for name, text in tidy.items() if (complaint := _complaint(name, text))}
        if wrong:
            raise ValidationFailed(wrong)
        return replace(self, **tidy)


@dataclass(frozen=True, slots=True)
class SealedProfile:
    """The same under the person's key, field by field."""

    username: bytes
    name: bytes
    avatar_url: bytes | None = None
    bio: bytes | None = None
    website: bytes | None = None
    job_title: bytes | None = None
    pronouns: bytes | None = None
    phone: bytes | None = None
    location: bytes | None = None


@dataclass(frozen=True, slots=True)
class Preferences:
    """`language`: BCP 47; `time_zone`: a name of the tz database; `channels`: where the product tells this person things."""

    language: str | None = None
    time_zone: str | None = None
    channels: tuple[str, ...] = CHANNELS

    def checked(self) -> Self:
        """Within all limits, channels in the house's order. Raises ValidationFailed naming every field that is wrong."""
        complaints = {
            "language": self.language is not None and (len(self.language) > LONGEST_LANGUAGE or not _LANGUAGE.fullmatch(self.language)),
            "timeZone": self.time_zone is not None and self.time_zone not in _time_zones(),
            "notificationChannels": not set(self.channels) <= set(CHANNELS),
        }
        mends = {
            "language": "takes a language tag like en, de-AT or zh-Hant (BCP 47)",
            "timeZone": "takes a name of the tz database like Europe/Vienna or UTC",
            "notificationChannels": f"takes {' and '.join(CHANNELS)}, or none of them",
        }
        wrong = {name: mends[name] for name, complains in complaints.items() if complains}
        if wrong:
            raise ValidationFailed(wrong)
        return replace(self, channels=tuple(channel for channel in CHANNELS if channel in self.channels))


@dataclass(frozen=True, slots=True)
class SealedPreferences:
    """Where somebody lives and what they speak is personal and under their key; where they are told things is not."""

    language: bytes | None = None
    time_zone: bytes | None = None
    channels: tuple[str, ...] = CHANNELS


PROFILE_FIELDS = tuple(field.name for field in fields(Profile))
PRIVATE_FIELDS = ("phone", "location")
PUBLIC_FIELDS = tuple(name for name in PROFILE_FIELDS if name not in PRIVATE_FIELDS)


def _tidy(name: str, text: str | None) -> str | None:
    if text is None:
        return None
    tidy = cleaned(text)
    return (tidy if name == "bio" else " ".join(tidy.split())) or None


def _complaint(name: str, text: str | None) -> str | None:
    if name == "username":
        return "cannot be empty" if text is None else slugs.objection(text)
    if name == "name":
        return objection(text or "", longest=LONGEST_NAME, shortest=1)
    if text is None:
        return None
    if name in _URL_FIELDS:
        return _url_objection(text)
    if name == "phone":
        return None if _PHONE.fullmatch(text) else "takes a telephone number like +43 1 234567"
    return objection(text, longest=LONGEST_BIO if name == "bio" else LONGEST_LINE, lines=name == "bio")


def _url_objection(url: str) -> str | None:
    wrong = "takes an address that begins with https://"
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        return f"{wrong} and has at most {LONGEST_URL} characters"
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.username is None
    except ValueError:
        return wrong
    return None if parts.scheme == "https" and named else wrong


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _api_name(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
