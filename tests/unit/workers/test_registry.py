from __future__ import annotations

import pytest

import workers.reactions  # noqa: F401 - fills the registry
from app.shared.events import _KINDS
from workers.reactions.registry import _BY_EVENT, Reacting, handlers_of, reacts_to


def test_decisions_are_told_and_mailed() -> None:
    assert handlers_of("PostApproved") == handlers_of("PostRejected") == ("users.notify_author", "users.mail_author")


def test_nobody_reacts_to_what_nobody_registered() -> None:
    assert handlers_of("PostEdited") == ()


def test_a_name_is_given_once() -> None:
    async def again(_reacting: Reacting) -> None:
        raise AssertionError("never called")

    with pytest.raises(TypeError, match="registered already"):
        reacts_to("PostApproved", name="users.notify_author")(again)


def test_every_reaction_of_the_product_is_to_an_event_that_exists() -> None:
    own = {event for event, handlers in _BY_EVENT.items() if not all(handler.startswith("test.") for handler in handlers)}

    assert own <= _KINDS.keys()
