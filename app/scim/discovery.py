"""What this server can do, as clients ask it (RFC 7644, 4): open to everybody, the same for everybody."""

from __future__ import annotations

from typing import Any

from app.scim.answers import list_document
from app.scim.documents import Document
from app.scim.errors import not_found
from app.scim.queries import MOST_RESULTS
from app.scim.schemas import KINDS, PROVIDER_CONFIG, RESOURCE_TYPE, SCHEMA, SCHEMAS, Kind, Schema


def provider_config(base: str) -> Document:
    """RFC 7643, 5."""
    no: dict[str, Any] = {"supported": False}
    return {
        "schemas": [PROVIDER_CONFIG],
        "patch": {"supported": True},
        "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST_RESULTS},
        "changePassword": no,
        "sort": {"supported": True},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A connection's token for provisioning, made in the console (RFC 6750).",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> Document:
    shown = [_resource_type(kind, base) for kind in KINDS]
    return list_document(shown, len(shown), 1)


def resource_type(name: str, base: str) -> Document:
    """Raises ScimRefusal."""
    kind = next((one for one in KINDS if one.name == name), None)
    if kind is None:
        raise not_found("resource type")
    return _resource_type(kind, base)


def schemas(base: str) -> Document:
    shown = [_schema(one, base) for one in SCHEMAS]
    return list_document(shown, len(shown), 1)


def schema(urn: str, base: str) -> Document:
    """Raises ScimRefusal."""
    found = next((one for one in SCHEMAS if one.id.lower() == urn.lower()), None)
    if found is None:
        raise not_found("schema")
    return _schema(found, base)


def _resource_type(kind: Kind, base: str) -> Document:
    shown: Document = {
        "schemas": [RESOURCE_TYPE],
        "id": kind.name,
        "name": kind.name,
        "description": kind.schema.description,
        "endpoint": kind.endpoint,
        "schema": kind.schema.id,
        "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{kind.name}"},
    }
    if kind.extensions:
        shown["schemaExtensions"] = [{"schema": one.id, "required": False} for one in kind.extensions]
    return shown


def _schema(one: Schema, base: str) -> Document:
    return {
        "schemas": [SCHEMA],
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "attributes": [attribute.document() for attribute in one.attributes],
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{one.id}"},
    }
