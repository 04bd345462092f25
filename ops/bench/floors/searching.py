"""The search for posts written by hand: the same ranking, snippets and fields, for one schema, with nobody's rights to regard."""

from __future__ import annotations

import asyncpg

from tenants.naming import SchemaName, quoted

_SEARCH = """
    select json_build_object('search', json_build_object('nodes', coalesce(json_agg(row_to_json(x)), '[]'))) from (
      select h.rank,
        {s}.marked(ts_headline(h.configuration, p.title, h.query, U&'StartSel=\\E000, StopSel=\\E001, HighlightAll=true')) as "titleHighlighted",
        {s}.marked({s}.snippet(h.configuration, d.body, h.query, {s}.search_pattern(h.query))) as snippet,
        json_build_object('id', p.id, 'title', p.title, 'slug', p.slug) as node
      from (
        select s.post_id, ts_rank(s.document, q.query) as rank, q.* from
          (select {s}.search_query($1) as query, {s}.search_configuration() as configuration offset 0) q,
          {s}.post_search s join {s}.posts p on p.id = s.post_id
        where s.document @@ q.query and p.status = 'PUBLISHED' order by 2 desc, 1 desc limit 20
      ) h join {s}.post_search d on d.post_id = h.post_id join {s}.posts p on p.id = h.post_id
      order by h.rank desc, h.post_id desc
    ) x
"""


class SearchByHand:
    def __init__(self, raw: asyncpg.Connection[asyncpg.Record], schema: SchemaName) -> None:
        self._raw = raw
        self._sql = _SEARCH.format(s=quoted(schema))

    @classmethod
    async def connect(cls, url: str, schema: SchemaName, role: str) -> SearchByHand:
        raw = await asyncpg.connect(url)
        await raw.execute(f"SET ROLE {quoted(role)}")
        return cls(raw, schema)

    async def close(self) -> None:
        await self._raw.close()

    async def search(self, typed: str) -> bytes:
        return str(await self._raw.fetchval(self._sql, typed)).encode()
