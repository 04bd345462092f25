"""A post was approved or rejected: its author is told, in the product and by mail."""

from __future__ import annotations

from app.content.events import PostApproved, PostRejected
from app.shared.events import from_store
from app.users.projections import Recipient, notify, recipient
from auth.addresses import Addresses
from tenants.events import StoredEvent
from tenants.sentences import sentence
from workers.letters import Button, letter
from workers.mail import Letter
from workers.reactions.registry import CallingOut, Reacting, calls_out_on, reacts_to

Decision = PostApproved | PostRejected


@reacts_to("PostApproved", "PostRejected", name="users.notify_author")
async def notify_author(reacting: Reacting) -> None:
    decision = _decision(reacting.event)
    data = {"title": decision.title}
    if isinstance(decision, PostRejected):
        data["reason"] = decision.reason
    event = reacting.event
    await notify(reacting.transaction, decision.author_id, event.type, event_id=event.id, subject_id=decision.post_id, data=data)


@calls_out_on("PostApproved", "PostRejected", name="users.mail_author")
async def mail_author(calling: CallingOut) -> None:
    decision = _decision(calling.event)
    async with calling.database.reading(calling.tenant.place) as connection:
        author = await recipient(connection, calling.tenant, decision.author_id)
    if author is not None:
        await calling.postman.send(_letter(calling, decision, author))


def _decision(event: StoredEvent) -> Decision:
    decision = from_store(event.type, event.type_version, event.data)
    if not isinstance(decision, PostApproved | PostRejected):
        raise TypeError(f"{event.type} decides nothing about a post")
    return decision


def _letter(calling: CallingOut, decision: Decision, author: Recipient) -> Letter:
    if isinstance(decision, PostApproved):
        subject = sentence("“{title}” was approved", title=decision.title)
        paragraph = sentence("Your post “{title}” has been reviewed and approved. It can be published now.", title=decision.title)
    else:
        subject = sentence("“{title}” needs another look", title=decision.title)
        paragraph = sentence("Your post “{title}” has been reviewed and was not approved: {reason}", title=decision.title, reason=decision.reason)
    tenant = calling.tenant
    # The organization's own address takes people to wherever they work: through the login, where they are not signed in.
    button = Button(sentence("Open {organization}", organization=tenant.name), f"{Addresses(calling.postman.public_url).of(tenant)}/")
    return letter(calling.delivery_id, author, tenant.name, subject=subject, paragraph=paragraph, button=button)
