"""Somebody may sign in from now on, may not any more, or has another address: the installation finds them accordingly."""

from __future__ import annotations

from app.users.homes import known
from workers.reactions.registry import CallingOut, calls_out_on

CHANGES = ("UserActivated", "UserSuspended", "UserReactivated", "UserRemoved", "UserErased", "UserAddressConfirmed", "UserInvitedAgain")


@calls_out_on(*CHANGES, name="auth.home_realm")
async def keep_home_realm(calling: CallingOut) -> None:
    """As they are now, whichever event it was: told twice or late, it comes to the same."""
    async with calling.database.reading(calling.tenant.place) as connection:
        person = await known(connection, calling.tenant, calling.event.aggregate_id)
    if person is not None:
        await calling.realms.keep(calling.tenant, [person])


@calls_out_on("OrganizationFounded", name="auth.home_realm_founded")
async def begin_home_realm(calling: CallingOut) -> None:
    """There is nothing yet that would have to be looked at as a whole: events keep it from here on."""
    await calling.realms.built(calling.tenant)
