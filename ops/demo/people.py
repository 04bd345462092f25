"""Who works in the demo's organizations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """`key` is the part of the address before the @; role as in the organization."""

    key: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class House:
    slug: str
    name: str
    people: tuple[Person, ...]

    @property
    def domain(self) -> str:
        """Of its people's addresses: below .example nobody has one (RFC 2606)."""
        return f"{self.slug}.example"

    def email(self, person: Person) -> str:
        return f"{person.key}@{self.domain}"


ACME = House(
    "acme",
    "Acme Press",
    (
        Person("owner", "Ines Okafor", "owner"),
        Person("admin", "Ruben Haas", "admin"),
        Person("editor", "Ada Lindqvist", "editor"),
        Person("author", "Jonas Weber", "author"),
        Person("moderator", "Noor Rahman", "moderator"),
        Person("reader", "Tom Bell", "reader"),
        Person("mei", "Mei Tanaka", "author"),
        Person("pavel", "Pavel Novák", "author"),
        Person("lucia", "Lucía Ferrer", "content_manager"),
    ),
)
GLOBEX = House(
    "globex",
    "Globex Journal",
    (
        Person("owner", "Hanna Virtanen", "owner"),
        Person("admin", "Omar Aziz", "admin"),
        Person("editor", "Clara Moreau", "editor"),
        Person("author", "Dmitri Sokolov", "author"),
        Person("moderator", "Yuki Mori", "moderator"),
        Person("reader", "Sam Carter", "reader"),
        Person("amina", "Amina Diallo", "author"),
        Person("lars", "Lars Holm", "author"),
        Person("bea", "Beatriz Costa", "content_manager"),
    ),
)
HOUSES = {house.slug: house for house in (ACME, GLOBEX)}
