"""What `imprint doctor` looks at: each check says what it found and, where that is wrong, how to mend it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from auth.realms.key import RealmKey
from auth.realms.realms import Realms
from auth.signing import SigningKeys
from migrations.history import History, knows
from migrations.status import status
from ops.settings import Settings
from tenants.anchoring import signed_before
from tenants.database import Database, connect_as_admin
from tenants.database.failures import DatabaseRefused
from tenants.errors import ConfigurationError, Refusal
from tenants.privileges import may_make_temporary_tables, open_functions, temporary_tables_open
from tenants.rotation import installation
from tenants.rotation.installation import KeysMissing
from tenants.secrets import Keyring, Undecipherable
from tenants.settings import TenantSettings
from tenants.statements import statement

OLDEST_POSTGRES, NEWEST_POSTGRES = 15, 18
MEND = {"redis": "start the server that IMPRINT_REDIS_URL names", "postgres": "start the server that IMPRINT_DATABASE_URL names"}
OLDEST_REDIS = (6, 2)
CLOCK_SECONDS = 2.0
WRAPPED = statement(installation.WRAPPED)
UNFINISHED = statement(
    "SELECT slug, purge_began_at IS NOT NULL AS going FROM control.organizations "
    "WHERE (status = 'provisioning' OR purge_began_at IS NOT NULL) AND updated_at < now() - interval '1 hour' ORDER BY slug LIMIT 20"
)
LOGIN = "SELECT current_user AS name, rolsuper, rolinherit, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user"


@dataclass(frozen=True, slots=True)
class Check:
    """`mend` is empty where nothing is wrong."""

    check: str
    ok: bool
    found: str
    mend: str = ""

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def _good(check: str, found: str) -> Check:
    return Check(check, ok=True, found=found)


def _bad(check: str, found: str, mend: str) -> Check:
    return Check(check, ok=False, found=found, mend=mend)


Look = Callable[[TenantSettings], Awaitable[Check]]


async def examine(variables: Mapping[str, str]) -> list[Check]:
    """Every check, also after some have failed; without a configuration there is nothing else to look at."""
    try:
        settings = Settings.read(variables).tenants
    except ConfigurationError as error:
        return [_bad("configuration", problem, problem.partition(": ")[2]) for problem in error.problems]
    looks: dict[str, Look] = {
        "postgres": _postgres,
        "clock": _clock,
        "roles": _roles,
        "schemas": _schemas,
        "unfinished": _unfinished,
        "keys": _keys,
        "realms": _realms,
        "redis": _redis,
    }
    return [
        _good("configuration", f"{settings.mode}, {settings.public_url}"),
        *[await _looked(name, look, settings) for name, look in looks.items()],
    ]


async def _looked(name: str, look: Look, settings: TenantSettings) -> Check:
    try:
        return await look(settings)
    except (Refusal, RedisError, OSError) as error:
        if isinstance(error, DatabaseRefused):
            return _bad(name, error.message, "correct IMPRINT_DATABASE_URL and IMPRINT_ADMIN_DATABASE_URL")
        return _bad(name, f"{type(error).__name__}: {error}", MEND.get(name, "see the check `postgres`, then `imprint migrate up`"))


async def _postgres(settings: TenantSettings) -> Check:
    async with connect_as_admin(settings.database_url) as connection:
        major = connection.version
    fits = OLDEST_POSTGRES <= major <= NEWEST_POSTGRES
    return Check("postgres", fits, f"version {major}", "" if fits else f"use Postgres {OLDEST_POSTGRES} to {NEWEST_POSTGRES}")


async def _clock(settings: TenantSettings) -> Check:
    async with connect_as_admin(settings.database_url) as connection:
        theirs: datetime = await connection.value("SELECT clock_timestamp()")
    seconds = abs((datetime.now(UTC) - theirs).total_seconds())
    near = seconds < CLOCK_SECONDS
    return Check("clock", near, f"{seconds:.1f} s from the database's", "" if near else "let NTP set both machines' clocks")


async def _roles(settings: TenantSettings) -> Check:
    async with connect_as_admin(settings.database_url) as connection:
        role: Any = (await connection.rows(LOGIN))[0]
        functions = sorted({signature.partition("(")[0] for signature in await open_functions(connection)})
        temporary = await temporary_tables_open(connection)
        refreshes = await may_make_temporary_tables(connection, settings.owner_role)
    if role["rolsuper"] or role["rolbypassrls"] or role["rolcreaterole"]:
        return _bad("roles", f"{role['name']} may do more than serve", f"ALTER ROLE {role['name']} NOSUPERUSER NOBYPASSRLS NOCREATEROLE")
    if role["rolinherit"]:
        return _bad("roles", f"{role['name']} inherits every tenant's rights", f"ALTER ROLE {role['name']} NOINHERIT")
    if temporary:
        return _bad("roles", "every role may make temporary tables", "run imprint migrate up as the role that owns the database")
    if not refreshes:
        mend = f"run imprint migrate up as the role that owns the database, or GRANT TEMPORARY ON DATABASE … TO {settings.owner_role}"
        return _bad("roles", f"{settings.owner_role} may make no temporary tables, so what is trending is never ranked again", mend)
    note = f"; every role may call {', '.join(functions)}, which only a superuser can revoke" if functions else ""
    return _good("roles", f"{role['name']} owns and inherits nothing{note}")


async def _schemas(settings: TenantSettings) -> Check:
    if not settings.admin_database_url:
        return _good("schemas", "not looked at: IMPRINT_ADMIN_DATABASE_URL is not set")
    found: dict[str, Any] = await status(settings)
    behind = found["behind"]
    revision = found["control"]["revision"]
    said = f"control {revision or 'missing'}, {len(behind)} tenants behind"
    if not knows(History.CONTROL, revision):
        return _bad("schemas", said, "run the release that brought control there, or a later one; this one does not know that revision")
    fits = revision == found["control"]["head"] and not behind
    return Check("schemas", fits, said, "" if fits else "imprint migrate up")


async def _unfinished(settings: TenantSettings) -> Check:
    async with Database(settings, connections=1) as database, database.control() as connection:
        rows = await connection.fetch(UNFINISHED)
    if not rows:
        return _good("unfinished", "no organization is half made or half removed")
    named = ", ".join(f"{row['slug']} (half {'removed' if row['going'] else 'made'})" for row in rows)
    return _bad("unfinished", named, "run the command that began it again, or remove what there is of it with `imprint tenants purge SLUG`")


async def _keys(settings: TenantSettings) -> Check:
    keyring = Keyring(settings.secret_keys)
    async with Database(settings, connections=1) as database:
        async with database.control() as connection:
            rows = await connection.fetch(WRAPPED)
        try:
            outdated = installation.outdated(rows, keyring)
            signing = await SigningKeys(database, keyring, overlap=0).outdated()
            realm = await RealmKey(database, keyring).outdated()
            anchors = await signed_before(database, keyring)
        except KeysMissing as missing:
            return _bad("keys", missing.message, "put the key that they were made with into IMPRINT_SECRET_KEY, behind the new one")
        except Undecipherable as error:
            found = f"a key that signs access tokens, or finds people by address: {error}"
            return _bad("keys", found, "put the key that it was made with into IMPRINT_SECRET_KEY, behind the new one")
    if outdated or signing or anchors or realm:
        old = (
            f"{len(outdated)} organizations' keys, {len(signing)} signing keys, {anchors} histories' anchors "
            f"and {'the' if realm else 'no'} key that finds people by address are under an older key of IMPRINT_SECRET_KEY"
        )
        return _bad("keys", old, "run `imprint secrets rotate`; until then remove no key from IMPRINT_SECRET_KEY")
    rotated = sum(row["other_key"] is not None for row in rows)
    unfinished = f"; the keys of {rotated} are being renewed: where nobody is at it, `imprint secrets rotate` finishes it" if rotated else ""
    more = len(keyring.keys) - 1
    rest = f"; nothing is under the {more} older, which may be removed" if more else ""
    return _good("keys", f"the first key of IMPRINT_SECRET_KEY opens all {len(rows)} organizations' keys and every signing key{rest}{unfinished}")


async def _realms(settings: TenantSettings) -> Check:
    async with Database(settings, connections=1) as database:
        unbuilt = await Realms(database, Keyring(settings.secret_keys)).unbuilt()
    if unbuilt:
        how = "the worker sees to them within a day, `imprint events rebuild SLUG home_realms` at once"
        return _good("realms", f"the people of {unbuilt} organizations are not all found by address yet: {how}")
    return _good("realms", "everybody active is found by address")


async def _redis(settings: TenantSettings) -> Check:
    client: Redis = Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5)
    try:
        info: dict[str, Any] = await client.info("server")
    finally:
        await client.aclose()
    version = str(info["redis_version"])
    fits = tuple(map(int, version.split(".")[:2])) >= OLDEST_REDIS
    return Check("redis", fits, f"version {version}", "" if fits else "use Redis 6.2 or later")
