from __future__ import annotations

import pytest

from app.content.values import Manuscript, Seo
from app.shared.slugs import LONGEST, numbered, objection, slug_from
from tenants.errors import ValidationFailed


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(ValidationFailed) as refused:
        Manuscript.checked(
            title="",
            slug="Not A Slug",
            content="a\x00b",
            excerpt="x" * 501,
            seo=Seo(title="y" * 121, keywords=("z" * 61,)),
            featured_image_url="javascript:alert(1)",
            custom_fields={"a": float("nan")},
        )

    assert set(refused.value.fields) == {"title", "slug", "content", "excerpt", "seo.title", "seo.keywords", "featuredImageUrl", "customFields"}


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\x1bb"])
def test_control_characters_and_lone_surrogates_are_refused(text: str) -> None:
    with pytest.raises(ValidationFailed):
        Manuscript.checked(title=text, slug="a", content="b")


def test_nul_hidden_in_custom_fields_is_refused() -> None:
    with pytest.raises(ValidationFailed):
        Manuscript.checked(title="a", slug="a", content="b", custom_fields={"deep": [{"x": "\x00"}]})


def test_text_is_normalized_to_nfc() -> None:
    assert Manuscript.checked(title="e\u0301te\u0301", slug="a", content="b").title == "\u00e9t\u00e9"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("What a Schema Costs!", "what-a-schema-costs"),
        ("Grüße aus Köln", "grusse-aus-koln"),
        ("Привет, мир", "privet-mir"),
        ("日本語", "riben-yu"),
        ("It's fine", "its-fine"),
        ("🎉", "tada"),
        ("…", "fallback"),
    ],
)
def test_slugs_are_made_from_titles_in_any_script(title: str, slug: str) -> None:
    made = slug_from(title, "fallback")

    assert objection(made) is None
    assert made == slug or title in {"日本語", "🎉", "…"}


def test_long_titles_make_slugs_within_the_limit_also_when_numbered() -> None:
    slug = slug_from("word " * 60, "x")

    assert len(slug) <= LONGEST
    assert len(numbered(slug, 1234)) <= LONGEST
    assert objection(numbered(slug, 1234)) is None
