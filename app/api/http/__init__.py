"""GraphQL over HTTP (GraphQL over HTTP specification, working draft), and GraphiQL for developers."""

from __future__ import annotations

from app.api.http.endpoint import Api

__all__ = ["Api"]
