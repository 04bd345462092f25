"""The console's addresses, and who may see what stands there: nothing, without a session that a second factor opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auth.forms import form_token, from_own_site, matches
from auth.http.assets import ASSETS, KEPT
from auth.http.pages import Pages, page_headers, policy
from auth.http.second_factor import picture_of
from auth.http.statuses import retry_headers, status_of
from auth.languages import ENGLISH, accepted
from auth.opaque import LONGEST, new_opaque
from auth.operators.audit import newest
from auth.operators.door import SHORTEST_PASSWORD, Door, Operator, Tried
from auth.passwords import LONGEST as LONGEST_PASSWORD
from ops.console import looking
from ops.console.exchange import Answered, Asked, see_other
from ops.console.hosts import is_own
from tenants.errors import NotFound, Refusal, ValidationFailed
from tenants.sentences import as_sentence, sentence

if TYPE_CHECKING:
    from tenants.database import Database

PAGES = Pages(Path(__file__).parent / "templates")
AUDITED = 200
FORM = "operators"
ROOMS = (
    (as_sentence("Organizations"), "/"),
    (as_sentence("Deliveries"), "/deliveries"),
    (as_sentence("Migrations"), "/migrations"),
    (as_sentence("Audit"), "/audit"),
    (as_sentence("Operators"), "/operators"),
)
_WRONG = {"password": as_sentence("This password {objection}."), "code": as_sentence("This code {objection}.")}

Room = Callable[[Asked, Operator], Awaitable[Answered]]


class ElsewhereSent(Refusal):
    """Another site's page sent this form, or it is of another browser."""

    code = "CROSS_SITE"

    def __init__(self) -> None:
        super().__init__("This form did not come from this browser's own page. Go back, reload the page, and send it again.")


@dataclass(frozen=True, slots=True)
class Cookies:
    """`secure`: people reach the console by https."""

    secure: bool

    @property
    def session(self) -> str:
        return "__Host-imprint-operator" if self.secure else "imprint-operator"

    @property
    def form(self) -> str:
        return "__Host-imprint-operator-form" if self.secure else "imprint-operator-form"

    def set(self, name: str, value: str) -> str:
        return f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if self.secure else ''}"

    def clear(self, name: str) -> str:
        return f"{self.set(name, '')}; Max-Age=0"


class Site:
    """`url`: under which people reach it; `key`: what its forms are told from others' by."""

    def __init__(self, database: Database, door: Door, url: str, key: bytes) -> None:
        self._database = database
        self._door = door
        self._url = url
        self._key = key
        self._cookies = Cookies(url.startswith("https:"))
        self._rooms: dict[str, Room] = {
            "/": self._organizations,
            "/deliveries": self._deliveries,
            "/migrations": self._migrations,
            "/audit": self._audit,
            "/operators": self._operators,
        }

    async def answer(self, asked: Asked) -> Answered:
        if not is_own(asked.headers.get("host", ""), self._url):
            return _plain(HTTPStatus.MISDIRECTED_REQUEST, f"The console is at {self._url}. Set IMPRINT_OPERATORS_URL where that is wrong.\n")
        if asked.path.startswith("/static/"):
            return _asset(asked.path.removeprefix("/static/"))
        try:
            return await self._answered(asked)
        except Refusal as refusal:
            return self._page(asked, "refused.html", status=status_of(refusal), headers=retry_headers(refusal), refusal=refusal)

    async def _answered(self, asked: Asked) -> Answered:
        if asked.method == "POST":
            self._check_form(asked)
        elif asked.method not in {"GET", "HEAD"}:
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED, "GET and POST are taken here.\n")
        if asked.path == "/sign-in":
            return await self._sign_in(asked)
        if asked.path.startswith("/enrol/"):
            return await self._enrol(asked, asked.path.removeprefix("/enrol/"))
        operator = await self._door.operator(asked.cookie(self._cookies.session))
        return see_other("/sign-in") if operator is None else await self._inside(asked, operator)

    async def _inside(self, asked: Asked, operator: Operator) -> Answered:
        if asked.path == "/sign-out" and asked.method == "POST":
            await self._door.sign_out(asked.cookie(self._cookies.session) or "", operator)
            return see_other("/sign-in", self._cookies.clear(self._cookies.session))
        room = self._rooms.get(asked.path)
        if room is None:
            raise NotFound("There is no such page here. The pages that there are stand on the left once you are signed in: begin at /.")
        if asked.method == "POST":
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED, "Nothing can be changed here; the page names the command that does.\n")
        return await room(asked, operator)

    async def _sign_in(self, asked: Asked) -> Answered:
        if asked.method != "POST":
            return self._page(asked, "sign_in.html", email="", wrong="")
        tried = Tried(asked.fields.get("email", ""), asked.fields.get("password", ""), asked.fields.get("code", ""), asked.address)
        try:
            session = await self._door.sign_in(tried, brought=asked.cookie(self._cookies.session))
        except Refusal as refusal:
            headers = retry_headers(refusal)
            return self._page(asked, "sign_in.html", status=status_of(refusal), headers=headers, email=tried.email, wrong=refusal.message)
        return see_other("/", self._cookies.set(self._cookies.session, session))

    async def _enrol(self, asked: Asked, link: str) -> Answered:
        offered = asked.fields.get("offered", "") if asked.method == "POST" else ""
        enrolment, wrong = await self._door.enrolment(link, offered), {}
        status = HTTPStatus.OK.value
        if asked.method == "POST":
            try:
                session = await self._door.enrol(link, offered, asked.fields.get("password", ""), asked.fields.get("code", ""), asked.address)
            except ValidationFailed as refusal:
                wrong = {name: sentence(_WRONG[name], objection=as_sentence(why)) for name, why in refusal.fields.items()}
                status = HTTPStatus.BAD_REQUEST.value
            else:
                return see_other("/", self._cookies.set(self._cookies.session, session))
        return self._page(
            asked,
            "enrol.html",
            status=status,
            enrolment=enrolment,
            picture=picture_of(enrolment.address),
            link=link,
            wrong=wrong,
            shortest=SHORTEST_PASSWORD,
            longest=LONGEST_PASSWORD,
        )

    async def _organizations(self, asked: Asked, operator: Operator) -> Answered:
        prefix, after = (asked.query.get(name, "").strip().lower().replace("\0", "") for name in ("slug", "after"))
        async with self._database.control() as connection:
            overview = await looking.overview(connection, prefix, after)
        return self._page(asked, "organizations.html", operator, overview=overview, prefix=prefix)

    async def _deliveries(self, asked: Asked, operator: Operator) -> Answered:
        async with self._database.control() as connection:
            return self._page(asked, "deliveries.html", operator, deliveries=await looking.quarantined(connection))

    async def _migrations(self, asked: Asked, operator: Operator) -> Answered:
        async with self._database.control() as connection:
            runs = await looking.runs(connection)
            chosen = next((run for run in runs if str(run.id) == asked.query.get("run")), None)
            failures = await looking.failures(connection, chosen.id) if chosen else []
        return self._page(asked, "migrations.html", operator, runs=runs, chosen=chosen, failures=failures)

    async def _audit(self, asked: Asked, operator: Operator) -> Answered:
        async with self._database.control() as connection:
            return self._page(asked, "audit.html", operator, lines=await newest(connection, AUDITED))

    async def _operators(self, asked: Asked, operator: Operator) -> Answered:
        async with self._database.control() as connection:
            return self._page(asked, "operators.html", operator, accounts=await looking.accounts(connection))

    def _check_form(self, asked: Asked) -> None:
        """Raises ElsewhereSent."""
        scheme = "https" if self._cookies.secure else "http"
        own = f"{scheme}://{asked.headers.get('host', '').lower()}"
        bound = asked.cookie(self._cookies.form) or ""
        good = len(bound) <= LONGEST and matches(self._key, FORM, bound, asked.fields.get("form"))
        if not good or not from_own_site(own, asked.headers.get("origin"), asked.headers.get("sec-fetch-site")):
            raise ElsewhereSent

    def _page(
        self,
        asked: Asked,
        template: str,
        operator: Operator | None = None,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **values: Any,
    ) -> Answered:
        brought = asked.cookie(self._cookies.form)
        bound = brought if brought and len(brought) <= LONGEST else new_opaque()
        form = form_token(self._key, FORM, bound)
        language = accepted(asked.headers.get("accept-language")) or ENGLISH
        body = PAGES.render(template, language, {"operator": operator, "rooms": ROOMS, "here": asked.path, "form": form, **values})
        said = {"Content-Type": "text/html; charset=utf-8", "Content-Language": language}
        sent = {**said, **page_headers(policy()), **(headers or {})}
        cookie = () if bound == brought else (("Set-Cookie", self._cookies.set(self._cookies.form, bound)),)
        return Answered(body.encode(), status, (*sent.items(), *cookie))


def _asset(name: str) -> Answered:
    asset = ASSETS.served(name)
    if asset is None:
        return _plain(HTTPStatus.NOT_FOUND, "There is no such file. Reload the page that named it.\n")
    return Answered(asset.body, HTTPStatus.OK, (("Content-Type", asset.media_type), ("Cache-Control", KEPT), ("X-Content-Type-Options", "nosniff")))


def _plain(status: HTTPStatus, text: str) -> Answered:
    return Answered(text.encode(), status, (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")))
