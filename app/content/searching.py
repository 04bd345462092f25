"""What full-text search reads and how it ranks: posts by their words; tags, categories and authors by how their names begin."""

from __future__ import annotations

from app.shared.graph import Search, Sought

LONGEST_QUERY = 200
_SELECTION = "StartSel=\ue000, StopSel=\ue001"

_POST = Sought(
    type="Post",
    joined=" JOIN __tenant__.post_search s ON s.post_id = {row}.id",
    found="s.document @@ asked.query AND {row}.status <> 'DELETED'",
    rank="ts_rank(s.document, asked.query)",
    title=f"__tenant__.marked(ts_headline(asked.configuration, translate({{row}}.title, U&'\\E000\\E001', ''), asked.query,"
    f" '{_SELECTION}, HighlightAll=true'))",
    snippet="__tenant__.marked(__tenant__.snippet(asked.configuration, s.body, asked.query, asked.pattern))",
)
_BEGINS = "starts_with(lower({row}.name), asked.words)"
_RANK = "CASE WHEN lower({row}.name) = asked.words THEN 2 ELSE 1 END"  # names come before texts, whose rank is below 1
_NAME = (
    "__tenant__.marked(overlay(translate({row}.name, U&'\\E000\\E001', '') placing U&'\\E000' || left({row}.name, length(asked.words)) || U&'\\E001'"
    " from 1 for length(asked.words)))"
)
_TAG = Sought("Tag", "", _BEGINS, _RANK, _NAME, "''::text")
_CATEGORY = Sought("Category", "", _BEGINS, _RANK, _NAME, "__tenant__.marked(coalesce({row}.description, ''))")
_AUTHOR = Sought(
    "User",
    "",
    f"{_BEGINS} AND {{row}}.status = 'active' AND EXISTS (SELECT FROM __tenant__.posts w WHERE w.author_id = {{row}}.id AND w.status = 'PUBLISHED')",
    _RANK,
    _NAME,
    "''::text",
)

SEARCH = Search(
    asked="SELECT q.query, __tenant__.search_configuration() AS configuration, __tenant__.search_pattern(q.query) AS pattern,"
    " btrim(lower({typed})) AS words FROM (SELECT __tenant__.search_query({typed}) AS query OFFSET 0) q",
    longest=LONGEST_QUERY,
    kinds={"POST": _POST, "CATEGORY": _CATEGORY, "TAG": _TAG, "USER": _AUTHOR},
)
