"""What happened to people and roles, as they and those who manage them may see it; what is sealed is only named."""

from __future__ import annotations

from typing import Any

from app.shared.past import history_of
from app.users.members import User
from app.users.roles import Role


def _user(user: User) -> dict[str, Any]:
    return {"role": user.role, "permissions": sorted(user.permissions), "status": user.status.value.upper()}


def _role(role: Role) -> dict[str, Any]:
    return {"name": role.name, "permissions": list(role.permissions)}


user_history = history_of(User, _user)
role_history = history_of(Role, _role)
