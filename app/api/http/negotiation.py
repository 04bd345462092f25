"""Media types: what a request's body is, and which of our two the client would rather have back."""

from __future__ import annotations

from functools import lru_cache

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
LONGEST = 1000


@lru_cache(maxsize=256)
def response_type(accept: str) -> str | None:
    """The type to answer with (RFC 9110, 12.5.1); None where the client takes neither.

    Clients that do not name the newer type get application/json, as the specification asks.
    """
    weights = _weights(accept[:LONGEST]) if accept.strip() else {"*/*": 1.0}
    general = weights.get("application/*", weights.get("*/*", 0.0))
    json, graphql = weights.get(JSON, general), weights.get(GRAPHQL, 0.0)
    if max(json, graphql) <= 0:
        return GRAPHQL if general > 0 and GRAPHQL not in weights else None
    return GRAPHQL if graphql >= json else JSON


@lru_cache(maxsize=64)
def takes_body(content_type: str) -> bool:
    """JSON in UTF-8 and nothing else: HTML forms cannot send it, so other sites' pages cannot without asking first."""
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    return kind == JSON and all(parameter.replace('"', "") in {"charset=utf-8", ""} for parameter in parameters)


def wants_page(accept: str) -> bool:
    """Whether a browser asks for something to look at."""
    return "text/html" in accept


def _weights(accept: str) -> dict[str, float]:
    weights = {}
    for entry in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        quality = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
        try:
            weights[kind] = float(quality)
        except ValueError:
            weights[kind] = 0.0
    return weights
