from __future__ import annotations

from uuid import uuid4

import pytest

from tenants.secrets import Keyring, TenantKey, Undecipherable, decrypt, encrypt, new_key


def test_a_ciphertext_opens_only_with_its_key_and_its_context() -> None:
    key = new_key()
    sealed = encrypt(key, b"text", b"here")

    assert decrypt(key, sealed, b"here") == b"text"
    for wrong_key, wrong_context in ((new_key(), b"here"), (key, b"there")):
        with pytest.raises(Undecipherable):
            decrypt(wrong_key, sealed, wrong_context)


def test_what_an_older_key_wrapped_still_opens_after_a_new_one_was_put_first() -> None:
    old, new, organization = new_key(), new_key(), uuid4()
    wrapped = Keyring((old,)).wrap_tenant_key(organization, b"k" * 32)

    assert Keyring((new, old)).unwrap_tenant_key(organization, wrapped).key == b"k" * 32
    with pytest.raises(Undecipherable):
        Keyring((new,)).unwrap_tenant_key(organization, wrapped)


def test_one_tenants_blind_index_says_nothing_at_another() -> None:
    acme, globex = TenantKey(new_key()), TenantKey(new_key())

    assert acme.blind_index("email", "a@x.example") == acme.blind_index("email", "a@x.example")
    assert acme.blind_index("email", "a@x.example") != globex.blind_index("email", "a@x.example")
    assert acme.blind_index("email", "a@x.example") != acme.blind_index("phone", "a@x.example")


def test_a_persons_text_does_not_open_as_anothers_even_in_one_tenant() -> None:
    tenant, ada, bob = TenantKey(new_key()), uuid4(), uuid4()
    wrapped = tenant.wrap_person_key(ada, new_key())
    sealed = tenant.seal_personal(ada, wrapped, "email", "ada@x.example")

    assert tenant.open_personal(ada, wrapped, "email", sealed) == "ada@x.example"
    with pytest.raises(Undecipherable):
        tenant.open_personal(bob, wrapped, "email", sealed)


def test_while_a_key_is_rotated_both_open_and_find_and_one_protects() -> None:
    old, new, ada = new_key(), new_key(), uuid4()
    before, between, after = TenantKey(old), TenantKey(new, (old,)), TenantKey(new)
    wrapped = before.wrap_person_key(ada, new_key())
    sealed = before.seal_personal(ada, wrapped, "email", "ada@x.example")

    resealed = between.resealed_person_key(ada, wrapped)

    assert resealed is not None
    assert between.open_personal(ada, wrapped, "email", sealed) == "ada@x.example"
    assert after.open_personal(ada, resealed, "email", sealed) == "ada@x.example"
    assert between.resealed_person_key(ada, resealed) is None
    assert between.blind_index("email", "ada@x.example") == after.blind_index("email", "ada@x.example")
    assert between.blind_indexes("email", "ada@x.example") == [key.blind_index("email", "ada@x.example") for key in (after, before)]
    for key, theirs in ((after, wrapped), (before, resealed)):
        with pytest.raises(Undecipherable):
            key.person_key(ada, theirs)


def test_keys_never_show_in_what_is_printed() -> None:
    key = new_key()

    for holder in (TenantKey(key, (key,)), Keyring((key,))):
        assert repr(key)[2:-1] not in repr(holder)
