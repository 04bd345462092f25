"""Words for the demo's posts: enough variety to look at, the same for the same seed."""

from __future__ import annotations

from random import Random

_SUBJECTS = (
    "the colophon", "our house style", "a schema per tenant", "the Frankfurt fair", "slow reviews", "the autumn catalogue", "type for small screens",
    "footnotes on the web", "the index nobody reads", "translation deadlines", "paper prices", "a reading room", "the corrections page",
    "captions that help", "an honest byline", "the archive in the cellar", "metadata for poets", "accessible tables", "the second draft",
    "proofreading aloud", "a calmer newsletter", "picture rights", "the style sheet", "long sentences", "the editor's desk", "spring titles",
)  # fmt: skip
_FRAMES = (
    "What {} really costs", "A short history of {}", "Notes on {}", "Why we changed {}", "How we learned to love {}", "In praise of {}",
    "{}, ten years on", "Everything we know about {}", "A field guide to {}", "Questions about {}", "Before you start with {}",
    "{}: a correspondence",
)  # fmt: skip
_OPENINGS = (
    "It began with a question at the Monday meeting.", "Nobody had planned this.", "The first letter arrived in March.",
    "Every publisher has a drawer like this one.", "We had put it off for years.", "Ask three editors and you hear four opinions.",
)  # fmt: skip
_MIDDLES = (
    "We counted twice, and the numbers held.", "The old way worked until it did not.", "Readers noticed before we did.",
    "There is a rule for that, and a reason behind the rule.", "Two colleagues tried it for a month.", "It takes patience, and a good pencil.",
    "What helped was writing it down.", "The printer called to ask whether we were sure.", "A margin is not wasted paper.",
    "The cheapest correction is the one made before lunch.", "Some of it will surprise you.", "None of this is new.",
)  # fmt: skip
_CLOSINGS = (
    "We would do it again.", "Write to us if you know better.", "That, in the end, was all.", "More on this in the next issue.",
    "The drawer is empty now.", "We keep the letter on the wall.",
)  # fmt: skip
_REASONS = ("Needs sources.", "Too long for this section; cut a third.", "The second half repeats the first.", "Please check the names again.")
TAGS = (
    "editorial", "catalogue", "essays", "engineering", "events", "typography", "history", "interviews", "notes", "design", "rights", "translation",
)  # fmt: skip


def title(rng: Random) -> str:
    text = rng.choice(_FRAMES).format(rng.choice(_SUBJECTS))
    return text[0].upper() + text[1:]


def body(rng: Random) -> str:
    """Markdown: two to five paragraphs, sometimes with a heading, a list or a quotation."""
    parts = [_paragraph(rng, rng.choice(_OPENINGS))]
    parts += [_part(rng) for _ in range(rng.randint(1, 3))]
    return "\n\n".join([*parts, _paragraph(rng, rng.choice(_MIDDLES)) + " " + rng.choice(_CLOSINGS)])


def excerpt(rng: Random) -> str:
    return f"{rng.choice(_OPENINGS)} {rng.choice(_MIDDLES)}"


def reason(rng: Random) -> str:
    return rng.choice(_REASONS)


def tags(rng: Random) -> tuple[str, ...]:
    return tuple(rng.sample(TAGS, rng.randint(1, 3)))


def _part(rng: Random) -> str:
    kind = rng.randint(0, 4)
    if kind == 0:
        return f"## On {rng.choice(_SUBJECTS)}\n\n{_paragraph(rng, rng.choice(_MIDDLES))}"
    if kind == 1:
        return "\n".join(f"- {sentence}" for sentence in rng.sample(_MIDDLES, 3))
    if kind == 2:  # noqa: PLR2004 - one kind of part among others
        return f"> {rng.choice(_MIDDLES)}"
    return _paragraph(rng, rng.choice(_MIDDLES))


def _paragraph(rng: Random, first: str) -> str:
    return " ".join([first, *rng.sample(_MIDDLES, rng.randint(2, 5))])
