"""What can be done with people and roles. Each handler: policy, load, verb, save."""

from __future__ import annotations

from app.users.commands.addresses import ConfirmAddress, GiveAddress
from app.users.commands.arrivals import Arrive
from app.users.commands.erasure import EraseAgain, EraseUser
from app.users.commands.invitations import AcceptInvitation, ActivateUser, InviteUser
from app.users.commands.notices import MarkNotificationsRead
from app.users.commands.people import ReactivateUser, RemoveUser, SuspendUser
from app.users.commands.profiles import UpdatePreferences, UpdateProfile
from app.users.commands.provisioning import FollowGroups, ProvisionUser, ReviseProvisioned
from app.users.commands.rights import ChangeRole, GrantPermissions, RevokePermissions
from app.users.commands.roles import CreateRole, DefineDefaultRoles, DefineRoles, DeleteRole, UpdateRole

__all__ = [
    "AcceptInvitation",
    "ActivateUser",
    "Arrive",
    "ChangeRole",
    "ConfirmAddress",
    "CreateRole",
    "DefineDefaultRoles",
    "DefineRoles",
    "DeleteRole",
    "EraseAgain",
    "EraseUser",
    "FollowGroups",
    "GiveAddress",
    "GrantPermissions",
    "InviteUser",
    "MarkNotificationsRead",
    "ProvisionUser",
    "ReactivateUser",
    "RemoveUser",
    "ReviseProvisioned",
    "RevokePermissions",
    "SuspendUser",
    "UpdatePreferences",
    "UpdateProfile",
    "UpdateRole",
]
