from __future__ import annotations

from ipaddress import ip_network

import pytest

from auth.reach import Reach
from auth.settings import AuthSettings
from auth.sso.fetching import Fetcher, NotFetched
from tenants.environment import Environment
from tenants.errors import ConfigurationError

NAMED = (ip_network("10.1.0.0/16"), ip_network("fd00:1::/32"))


@pytest.mark.parametrize(
    ("address", "public", "named"),
    [
        ("192.0.2.1", False, False),  # documentation is nobody's
        ("8.8.8.8", True, True),
        ("2606:4700::1", True, True),
        ("10.1.2.3", False, True),
        ("10.2.2.3", False, False),
        ("::ffff:10.1.2.3", False, True),
        ("::ffff:10.2.2.3", False, False),
        ("fd00:1::7", False, True),
        ("127.0.0.1", False, False),
        ("169.254.169.254", False, False),
        ("::1", False, False),
    ],
)
def test_public_addresses_are_asked_and_of_others_those_that_the_operator_names(address: str, *, public: bool, named: bool) -> None:
    assert (Reach().allows(address), Reach(NAMED).allows(address), Reach(everywhere=True).allows(address)) == (public, named, True)


async def test_an_address_that_leads_out_of_the_named_networks_is_not_asked() -> None:
    async def both(_host: str, _port: int) -> list[str]:
        return ["10.1.0.1", "10.2.0.1"]

    with pytest.raises(NotFetched, match=r"10\.2\.0\.1.*IMPRINT_PRIVATE_NETWORKS"):
        await Fetcher(dev=False, private=NAMED, resolve=both).get("https://provider.example/")


def test_the_operator_names_networks_and_not_all_there_are() -> None:
    env = Environment({"IMPRINT_PRIVATE_NETWORKS": "10.1.0.0/16, fd00:1::/32"})
    assert AuthSettings.read(env).private_networks == NAMED
    env.finish()
    for wrong in ("0.0.0.0/0", "::/0", "10.0.0.0/40", "intranet"):
        env = Environment({"IMPRINT_PRIVATE_NETWORKS": wrong})
        AuthSettings.read(env)
        with pytest.raises(ConfigurationError, match="IMPRINT_PRIVATE_NETWORKS"):
            env.finish()
