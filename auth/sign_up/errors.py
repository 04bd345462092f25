"""Why somebody cannot have an organization by themselves."""

from __future__ import annotations

from typing import ClassVar

from auth.errors import LinkSpent
from tenants.errors import Forbidden, NotFound, Refusal
from tenants.sentences import as_sentence


class SignUpClosed(NotFound):
    """Organizations are made by operators alone here."""

    def __init__(self) -> None:
        super().__init__("Organizations cannot be opened here by oneself. Ask whoever runs this installation for one.")


class InvitationNeeded(Forbidden):
    """No invitation, or one that was used or is too old; which of them, nobody is told."""

    code: ClassVar[str] = "INVITATION_NEEDED"

    def __init__(self) -> None:
        super().__init__("An organization is opened here by invitation. Follow the link in yours; if it is used or too old, ask for another.")


class SignUpSpent(LinkSpent):
    """A link that confirms nothing any more."""

    def __init__(self) -> None:
        Refusal.__init__(self, as_sentence("This link has been used or is too old. Ask for your organization again to get a new one."))
