"""The GraphQL API: reads compiled to one SQL statement each, mutations through the bus, over HTTP.

The way of a query: `http` reads the request, `documents` parses and validates (once per text), `plans` finds or compiles
the statement for what the reader may see, Postgres answers with the JSON text of the whole result, and those bytes are sent.
"""
