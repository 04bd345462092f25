"""The schemas of people and groups as they are kept here (RFC 7643): what is read, patched, answered and published follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Literal

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
PROVIDER_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"

Type = Literal["string", "boolean", "complex", "reference", "dateTime"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute (RFC 7643, 7). `most`: how many values there may be of one that takes several."""

    name: str
    description: str
    type: Type = "string"
    subs: tuple[Attribute, ...] = ()
    many: bool = False
    required: bool = False
    read_only: bool = False
    exact: bool = False
    unique: bool = False
    most: int = 50
    refers_to: tuple[str, ...] = ()

    def sub(self, name: str) -> Attribute | None:
        return _by_name(self.subs).get(name.lower())

    def document(self) -> dict[str, object]:
        """As /Schemas shows it."""
        shown: dict[str, object] = {
            "name": self.name,
            "type": self.type,
            "multiValued": self.many,
            "description": self.description,
            "required": self.required,
            "caseExact": self.exact,
            "mutability": "readOnly" if self.read_only else "readWrite",
            "returned": "default",
            "uniqueness": "server" if self.unique else "none",
        }
        if self.refers_to:
            shown["referenceTypes"] = list(self.refers_to)
        if self.subs:
            shown["subAttributes"] = [sub.document() for sub in self.subs]
        return shown


@dataclass(frozen=True, slots=True)
class Schema:
    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]

    def attribute(self, name: str) -> Attribute | None:
        return _by_name(self.attributes).get(name.lower())


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resource (RFC 7643, 6). `common` attributes are every resource's and in no schema (3.1)."""

    name: str
    endpoint: str
    schema: Schema
    extensions: tuple[Schema, ...] = ()
    common: tuple[Attribute, ...] = field(default=())

    def top(self, name: str) -> Attribute | None:
        return _by_name(self.common).get(name.lower()) or self.schema.attribute(name)

    def extension(self, urn: str) -> Schema | None:
        return next((one for one in self.extensions if one.id.lower() == urn.lower()), None)


@cache
def _by_name(attributes: tuple[Attribute, ...]) -> dict[str, Attribute]:
    return {one.name.lower(): one for one in attributes}


def _texts(*pairs: tuple[str, str]) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, description) for name, description in pairs)


_TYPED = _texts(("value", "The value."), ("display", "For people to read."), ("type", "What it is for, like work."))
_PRIMARY = Attribute("primary", "Whether it is the preferred one.", "boolean")
_EMAIL = (
    Attribute("value", "The address, of a domain that the organization has proven to be its own.", required=True),
    Attribute("type", "Always work: one address is kept."),
    _PRIMARY,
)
_NAME = _texts(
    ("formatted", "The full name."),
    ("familyName", "Family name."),
    ("givenName", "Given name."),
    ("middleName", "Middle names."),
    ("honorificPrefix", "Like Dr."),
    ("honorificSuffix", "Like III."),
)
_ADDRESS = (
    *_texts(
        ("formatted", "The whole address."),
        ("streetAddress", "Street and number."),
        ("locality", "City."),
        ("region", "State or region."),
        ("postalCode", "Postal code."),
        ("country", "Country, as ISO 3166-1 alpha-2."),
        ("type", "What it is for, like work."),
    ),
    _PRIMARY,
)
_GROUPS = (
    Attribute("value", "The group's id.", read_only=True),
    Attribute("$ref", "Where it is.", "reference", read_only=True, refers_to=("Group",)),
    Attribute("display", "Its name.", read_only=True),
    Attribute("type", "Always direct.", read_only=True),
)
_MEMBERS = (
    Attribute("value", "The person's id.", required=True),
    Attribute("$ref", "Where they are.", "reference", read_only=True, refers_to=("User",)),
    Attribute("display", "Their name.", read_only=True),
    Attribute("type", "Always User: groups in groups are not kept."),
)
_META = (
    Attribute("resourceType", "User or Group.", read_only=True),
    Attribute("created", "When it was made.", "dateTime", read_only=True),
    Attribute("lastModified", "When it was changed.", "dateTime", read_only=True),
    Attribute("location", "Where it is.", "reference", read_only=True, refers_to=("uri",)),
    Attribute("version", "Its entity tag.", read_only=True),
)
_COMMON = (
    Attribute("id", "The id here.", read_only=True, exact=True, unique=True),
    Attribute("externalId", "The provider's own id.", exact=True),
    Attribute("meta", "What is known of the resource itself.", "complex", _META, read_only=True),
)

USER_SCHEMA = Schema(
    USER,
    "User",
    "Somebody of the organization.",
    (
        Attribute("userName", "What the provider calls them.", required=True, unique=True),
        Attribute("name", "Their name in its parts.", "complex", _NAME),
        Attribute("displayName", "The name that others see."),
        *_texts(
            ("nickName", "How they are called."),
            ("profileUrl", "A page about them."),
            ("title", "Their position."),
            ("userType", "Like Employee."),
            ("preferredLanguage", "Like en-US."),
            ("locale", "Like en-US."),
            ("timezone", "Like Europe/Vienna."),
        ),
        Attribute("active", "Whether they may sign in.", "boolean"),
        Attribute("emails", "Their address; one is kept, the primary or the first.", "complex", _EMAIL, many=True, required=True),
        Attribute("phoneNumbers", "Telephone numbers.", "complex", (*_TYPED, _PRIMARY), many=True),
        Attribute("addresses", "Where they are.", "complex", _ADDRESS, many=True),
        Attribute("groups", "The groups they are in.", "complex", _GROUPS, many=True, read_only=True),
    ),
)
ENTERPRISE_SCHEMA = Schema(
    ENTERPRISE,
    "EnterpriseUser",
    "What employers keep of people.",
    (
        *_texts(
            ("employeeNumber", "Number of the employee."),
            ("costCenter", "Cost centre."),
            ("organization", "Organization."),
            ("division", "Division."),
            ("department", "Department."),
        ),
        Attribute(
            "manager",
            "Whom they report to.",
            "complex",
            (*_texts(("value", "The manager's id."), ("displayName", "The manager's name.")), Attribute("$ref", "Where they are.", "reference")),
        ),
    ),
)
GROUP_SCHEMA = Schema(
    GROUP,
    "Group",
    "A group of the provider, from which a role may follow.",
    (
        Attribute("displayName", "Its name, by which the connection's rules give a role.", required=True, unique=True),
        Attribute("members", "The people in it.", "complex", _MEMBERS, many=True, most=10_000),
    ),
)

USERS = Kind("User", "/Users", USER_SCHEMA, (ENTERPRISE_SCHEMA,), _COMMON)
GROUPS = Kind("Group", "/Groups", GROUP_SCHEMA, (), _COMMON)
KINDS = (USERS, GROUPS)
SCHEMAS = (USER_SCHEMA, ENTERPRISE_SCHEMA, GROUP_SCHEMA)
