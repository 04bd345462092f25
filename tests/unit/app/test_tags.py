from __future__ import annotations

from uuid import uuid4

import pytest

from app.shared.events import from_store, to_store
from app.taxonomy.events import TagMerged, TagRenamed, TagSynonymsChanged
from app.taxonomy.tags import Tag
from app.taxonomy.values import MOST_SYNONYMS, TagName, synonyms_of
from tenants.errors import ValidationFailed


def tag(name: str, *synonyms: str) -> Tag:
    made = Tag.create(uuid4(), TagName.of(name))
    made.set_synonyms(synonyms_of(synonyms))
    return made


def words(tag: Tag) -> list[str]:
    return [word.name for word in tag.synonyms]


def test_a_renamed_tag_is_still_found_by_its_old_name() -> None:
    renamed = tag("JS")

    renamed.rename(TagName.of("JavaScript"))

    assert (renamed.name, renamed.slug, words(renamed)) == ("JavaScript", "javascript", ["JS"])
    assert [type(event) for event in renamed.recorded[1:]] == [TagRenamed, TagSynonymsChanged]


def test_a_name_spelt_otherwise_with_the_same_slug_leaves_no_synonym() -> None:
    renamed = tag("essays")

    renamed.rename(TagName.of("Essays"))

    assert (renamed.name, renamed.slug, renamed.synonyms) == ("Essays", "essays", ())


def test_a_synonym_that_becomes_the_name_is_a_synonym_no_longer() -> None:
    renamed = tag("JS", "JavaScript")

    renamed.rename(TagName.of("JavaScript"))

    assert (renamed.name, words(renamed)) == ("JavaScript", ["JS"])


def test_the_same_name_and_the_same_synonyms_record_nothing() -> None:
    same = tag("JS", "JavaScript")
    events = len(same.recorded)

    same.rename(TagName.of("JS"))
    same.set_synonyms(synonyms_of(["JavaScript", " JavaScript "]))

    assert len(same.recorded) == events


def test_all_words_of_a_merged_tag_lead_to_the_other() -> None:
    one, other = tag("Colour", "Color"), tag("Hue", "Tint")

    one.merge_into(other)

    assert words(other) == ["Color", "Colour", "Tint"]
    assert one.recorded[-1] == TagMerged(one.id, other.id)
    assert one.gone


def test_a_tag_takes_so_many_synonyms_and_no_more() -> None:
    full = tag("Full", *(f"Word {number}" for number in range(MOST_SYNONYMS)))

    with pytest.raises(ValidationFailed, match="takes at most 50, these are 51"):
        full.rename(TagName.of("Fuller"))


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\x00b"])
def test_names_beyond_the_limits_are_refused_for_the_field_they_came_in(name: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        TagName.of(name, "name")

    assert refused.value.fields.keys() == {"name"}


def test_a_tag_is_what_its_stored_events_say() -> None:
    lived = tag("JS", "ES")
    lived.rename(TagName.of("JavaScript"))
    stored = [to_store(event) for event in lived.recorded]

    replayed = Tag.replay(lived.id, [from_store(event.type, event.type_version, event.data) for event in stored])  # type: ignore[misc] # a tag's

    assert replayed == lived
