"""Directories of two organizations."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest

from tests.peers import openldap
from tests.peers.openldap import Directory


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What the library dropped is closed before the next test, which may look closer."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="session")
def at_acmes() -> Iterator[Directory]:
    with openldap.running("acme") as directory:
        yield directory


@pytest.fixture(scope="session")
def at_globexs() -> Iterator[Directory]:
    with openldap.running("globex") as directory:
        yield directory
