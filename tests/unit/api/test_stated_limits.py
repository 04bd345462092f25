"""What the schema says of each field that people and programs fill in is what the code holds to: the same number, kept in one place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphql import GraphQLInputField, GraphQLInputObjectType, get_named_type

from app.api import idempotency
from app.api.mutations import bulk, taxonomy, users
from app.api.schema import schema
from app.comments import values as comments
from app.content import custom_fields
from app.content import values as content
from app.management import rules
from app.management import values as management
from app.shared import addresses, json_schemas, slugs
from app.taxonomy import values as words
from app.users import profiles
from app.users import values as people
from auth import passwords

POST = {
    "title": {1, content.LONGEST_TITLE},
    "content": {content.LONGEST_CONTENT},
    "slug": {slugs.LONGEST},
    "excerpt": {content.LONGEST_EXCERPT},
    "tags": {content.MOST_TAGS},
    "categoryIds": {content.MOST_CATEGORIES},
    "editorIds": {content.MOST_EDITORS},
    "featuredImageUrl": {content.LONGEST_URL},
    "customFields": {custom_fields.LARGEST},
}
CATEGORY = {"name": {words.LONGEST_CATEGORY}, "slug": {slugs.LONGEST}, "description": {words.LONGEST_DESCRIPTION}}
TAG = {"name": {words.LONGEST_TAG}, "synonyms": {words.MOST_SYNONYMS, words.LONGEST_TAG}}
ROLE = {"name": {people.LONGEST_ROLE_NAME}, "permissions": set[int]()}
MANY = {"ids": {1, bulk.MOST_AT_ONCE}}
MERGED = {"ids": {taxonomy.MOST_MERGED}}
URL = {profiles.LONGEST_URL}
LINE = {profiles.LONGEST_LINE}
NAME = {1, people.LONGEST_NAME}
LIMITS: dict[str, dict[str, set[int]]] = {
    "CreatePostInput": POST,
    "UpdatePostInput": POST,
    "SeoInput": {
        "title": {content.LONGEST_SEO_TITLE},
        "description": {content.LONGEST_SEO_DESCRIPTION},
        "keywords": {content.MOST_KEYWORDS, content.LONGEST_KEYWORD},
    },
    "RejectPostInput": {"reason": {1, content.LONGEST_REASON}},
    "PublishPostsInput": MANY,
    "ArchivePostsInput": MANY,
    "DeletePostsInput": MANY,
    "TagPostsInput": {**MANY, "add": {content.MOST_TAGS}, "remove": {bulk.MOST_AT_ONCE}},
    "MovePostsInput": {**MANY, "categoryIds": {content.MOST_CATEGORIES}, "fromCategoryIds": {bulk.MOST_AT_ONCE}},
    "ApproveCommentsInput": MANY,
    "RejectCommentsInput": MANY,
    "DeleteCommentsInput": MANY,
    "AddCommentInput": {"body": {comments.LONGEST_BODY}},
    "EditCommentInput": {"body": {comments.LONGEST_BODY}},
    "GuestInput": {"name": {comments.LONGEST_GUEST_NAME}, "email": {addresses.LONGEST}},
    "CreateTagInput": TAG,
    "RenameTagInput": TAG,
    "MergeTagsInput": MERGED,
    "CreateCategoryInput": CATEGORY,
    "UpdateCategoryInput": CATEGORY,
    "MergeCategoriesInput": MERGED,
    "InviteUserInput": {"email": {addresses.LONGEST}, "name": NAME, "role": set(), "username": {slugs.LONGEST}},
    "AcceptInvitationInput": {
        "token": set(),
        "password": {passwords.SHORTEST, passwords.LONGEST},
        "name": NAME,
        "username": {slugs.LONGEST},
    },
    "UpdateProfileInput": {
        "username": {slugs.LONGEST},
        "name": NAME,
        "avatarUrl": URL,
        "bio": {profiles.LONGEST_BIO},
        "website": URL,
        "jobTitle": LINE,
        "pronouns": LINE,
        "phone": {5, profiles.LONGEST_PHONE},
        "location": LINE,
    },
    "UpdatePreferencesInput": {"language": {profiles.LONGEST_LANGUAGE}, "timeZone": set()},
    "ChangeEmailInput": {"email": {addresses.LONGEST}},
    "ChangeRoleInput": {"role": set()},
    "GrantPermissionsInput": {"permissions": set()},
    "RevokePermissionsInput": {"permissions": set()},
    "EraseUserInput": {"confirm": set()},
    "CreateRoleInput": ROLE,
    "UpdateRoleInput": ROLE,
    "DeleteRoleInput": {"moveTo": set()},
    "MarkNotificationsReadInput": {"ids": {users.MOST_MARKED}},
    "UpdateOrganizationInput": {
        "name": {1, management.LONGEST_NAME},
        "settings": {json_schemas.LONGEST, json_schemas.DEEPEST},
        "branding": {rules.LONGEST_URL, 1, management.LONGEST_TAGLINE},
        "policies": {
            number for rule in management.POLICIES.values() if isinstance(rule, rules.Whole) for number in (rule.least, rule.most, rule.default)
        },
    },
}
# Of standards, of times that are given as examples, and of what is no limit.
_OTHER = re.compile(r"draft \S+|BCP 47|https?://|[0-9.]+:1|#1f5f5b|192\.0\.2\.0/24|2001:db8::/32|a-z, 0-9|de-AT|`[^`]*`")
_NUMBER = re.compile(r"\d[\d,]*")


def _filled_in() -> Iterator[tuple[str, str, GraphQLInputField]]:
    """Text, JSON and lists in what mutations take; ids, moments, numbers and choices say by their type what they are."""
    inputs = [get_named_type(argument.type) for field in schema().object_type("Mutation").fields.values() for argument in field.args.values()]
    while inputs:
        one = inputs.pop()
        assert isinstance(one, GraphQLInputObjectType)
        for name, field in one.fields.items():
            kind = get_named_type(field.type)
            if isinstance(kind, GraphQLInputObjectType):
                inputs.append(kind)
            elif name != "idempotencyKey" and (kind.name in {"String", "JSON"} or (kind.name == "ID" and "[" in str(field.type))):
                yield one.name, name, field


def test_each_field_that_is_filled_in_states_its_limits_as_the_code_holds_them() -> None:
    stated: dict[str, dict[str, set[int]]] = {}
    for type_name, name, field in _filled_in():
        assert field.description, f"{type_name}.{name}: say what it takes"
        numbers = {int(number.replace(",", "")) for number in _NUMBER.findall(_OTHER.sub(" ", field.description))}
        stated.setdefault(type_name, {})[name] = numbers

    assert {name: fields.keys() for name, fields in stated.items()} == {name: fields.keys() for name, fields in LIMITS.items()}
    for type_name, fields in LIMITS.items():
        assert stated[type_name] == fields, type_name


def test_the_key_under_which_a_mutation_is_done_once_states_its_limit() -> None:
    described = {
        field.description
        for one in schema().graphql.type_map.values()
        if isinstance(one, GraphQLInputObjectType)
        for name, field in one.fields.items()
        if name == "idempotencyKey"
    }

    [said] = described
    assert said
    assert str(idempotency.LONGEST) in said
