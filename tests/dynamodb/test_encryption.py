"""Secrets are stored only encrypted, bound to their item, and never shown by accident."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
import structlog
from botocore.exceptions import EndpointConnectionError
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from autoforge.access.integrations import IntegrationConfigOf, encryption_context
from autoforge.dynamodb.encryption import PLAIN_TEXT_LIMIT, Cipher, KmsCipher, LocalCipher
from autoforge.dynamodb.patterns.request import wire_key
from autoforge.dynamodb.schema.indexes import TABLE
from autoforge.dynamodb.schema.key_value import key_of
from autoforge.dynamodb.store.store import Store
from autoforge.errors import (
    ConfigurationError,
    InvalidValueError,
    ItemNotFoundError,
    SecretError,
)
from autoforge.forge import Forge
from autoforge.models import IntegrationConfig, IntegrationStatus
from tests.factories import NOON, new_id
from tests.stores import forge_of

_HERE: Final = {"table": "T", "integration": "jira"}
_SECRET: Final = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def kms() -> Iterator[Any]:
    """A client of moto's KMS; moto's DynamoDB, which other tests use, is not reset."""
    moto = mock_aws(config={"core": {"mock_credentials": False}})
    moto.start(reset=False)
    yield Session().create_client("kms", region_name="eu-west-1")
    moto.stop(remove_data=False)


@pytest.fixture(scope="module")
def kms_key(kms: Any) -> str:
    """A KMS key."""
    key_id: str = kms.create_key()["KeyMetadata"]["KeyId"]
    return key_id


@pytest.fixture(params=["kms", "local"])
def cipher(request: pytest.FixtureRequest) -> Cipher:
    """Each cipher in turn."""
    if request.param == "local":
        return LocalCipher(["a key"])
    return KmsCipher(request.getfixturevalue("kms"), request.getfixturevalue("kms_key"))


@pytest.mark.parametrize("plain", [b"a", _SECRET.encode(), b"\0\xff" * 2048])
def test_a_secret_comes_back_equal_under_the_context_it_was_encrypted_in(
    cipher: Cipher, plain: bytes
) -> None:
    sealed = cipher.encrypt(plain, _HERE)

    assert cipher.decrypt(sealed, dict(reversed(_HERE.items()))) == plain


def test_a_secret_is_encrypted_differently_every_time(cipher: Cipher) -> None:
    assert cipher.encrypt(b"secret", _HERE) != cipher.encrypt(b"secret", _HERE)


@pytest.mark.parametrize(
    "context",
    [
        {"table": "T", "integration": "linear"},
        {"table": "U", "integration": "jira"},
        {"table": "T"},
        {},
        {"table": "T", "integration": "jira", "more": ""},
    ],
)
def test_a_secret_cannot_be_decrypted_in_another_context(
    cipher: Cipher, context: dict[str, str]
) -> None:
    sealed = cipher.encrypt(_SECRET.encode(), _HERE)

    with pytest.raises(SecretError) as caught:
        cipher.decrypt(sealed, context)

    assert _SECRET not in _shown(caught.value)


@given(sealed=st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()))
def test_what_the_local_cipher_did_not_make_it_does_not_decrypt(sealed: str) -> None:
    with pytest.raises(SecretError, match="encrypted with another key or context"):
        LocalCipher(["a key"]).decrypt(sealed, _HERE)


@given(place=st.integers(0, 60), change=st.integers(1, 255))
def test_a_changed_byte_is_found_out(place: int, change: int) -> None:
    cipher = LocalCipher(["a key"])
    sealed = bytearray(base64.b64decode(cipher.encrypt(b"x" * 40, _HERE)))
    sealed[place] ^= change

    with pytest.raises(SecretError):
        cipher.decrypt(base64.b64encode(sealed).decode(), _HERE)


@pytest.mark.parametrize(
    "sealed", ["", "not base64", "AAAA", base64.b64encode(b"x" * 200).decode()]
)
def test_what_kms_did_not_make_it_does_not_decrypt(kms: Any, kms_key: str, sealed: str) -> None:
    with pytest.raises(SecretError, match="KMS did not decrypt"):
        KmsCipher(kms, kms_key).decrypt(sealed, _HERE)


def test_kms_decrypts_only_what_our_key_encrypted(kms: Any, kms_key: str) -> None:
    another = KmsCipher(kms, kms.create_key()["KeyMetadata"]["KeyId"])
    sealed = another.encrypt(b"secret", _HERE)

    assert another.decrypt(sealed, _HERE) == b"secret"
    with pytest.raises(SecretError, match="KMS did not decrypt"):
        KmsCipher(kms, kms_key).decrypt(sealed, _HERE)


def test_local_keys_rotate() -> None:
    old = LocalCipher(["old"]).encrypt(b"secret", _HERE)
    both = LocalCipher(["new", "old"])
    new = both.encrypt(b"secret", _HERE)

    assert both.decrypt(old, _HERE) == both.decrypt(new, _HERE) == b"secret"
    assert LocalCipher(["new"]).decrypt(new, _HERE) == b"secret"
    with pytest.raises(SecretError):
        LocalCipher(["new"]).decrypt(old, _HERE)


@pytest.mark.parametrize("secrets", [[], [""], ["good", ""]])
def test_without_a_key_nothing_is_encrypted(secrets: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="at least one key"):
        LocalCipher(secrets)


def test_a_secret_that_kms_could_not_take_is_refused_by_every_cipher(cipher: Cipher) -> None:
    cipher.encrypt(b"x" * PLAIN_TEXT_LIMIT, _HERE)

    with pytest.raises(SecretError, match="has 4,097 bytes; at most 4,096"):
        cipher.encrypt(b"x" * (PLAIN_TEXT_LIMIT + 1), _HERE)


def test_a_key_of_kms_that_is_not_there_is_a_secret_error_without_the_secret(kms: Any) -> None:
    cipher = KmsCipher(kms, new_id())

    with pytest.raises(SecretError, match="KMS did not encrypt: NotFoundException") as caught:
        cipher.encrypt(_SECRET.encode(), _HERE)

    assert _SECRET not in _shown(caught.value)


def test_kms_out_of_reach_is_a_secret_error_without_the_secret() -> None:
    class Unreachable:
        def encrypt(self, **_: Any) -> Any:
            raise EndpointConnectionError(endpoint_url=_SECRET)

        decrypt = encrypt

    cipher = KmsCipher(Unreachable(), "a key")

    with pytest.raises(SecretError, match=r"KMS did not encrypt: EndpointConnectionError$") as one:
        cipher.encrypt(_SECRET.encode(), _HERE)
    with pytest.raises(SecretError, match=r"KMS did not decrypt: EndpointConnectionError$") as two:
        cipher.decrypt("YQ==", _HERE)

    assert _SECRET not in _shown(one.value) + _shown(two.value)


# Through a Forge --------------------------------------------------------------------------------


@pytest.fixture
def sealing(store: Store, cipher: Cipher) -> Forge:
    """A Forge with each cipher in turn."""
    return forge_of(store, cipher=cipher)


def test_an_integrations_configuration_is_stored_encrypted_and_revealed_on_request(
    sealing: Forge,
) -> None:
    name = f"jira-{new_id()}"
    config = {"token": _SECRET, "sites": ["ä"], "nested": {"a": None, "b": 1.5}}

    saved = sealing.integrations.save(name, config)

    assert sealing.integrations.reveal(name) == config
    assert sealing.integrations.get(name) == saved
    assert (saved.status, saved.created_at) == (IntegrationStatus.ACTIVE, NOON)
    stored = sealing.store.client.botocore.get_item(
        TableName=sealing.store.table_name,
        Key=wire_key(key_of(saved.to_item(), TABLE), TABLE),
    )
    assert _SECRET not in str(stored) + repr(saved)
    assert _SECRET.encode() not in base64.b64decode(saved.config_encrypted)


def test_cipher_text_moved_to_another_integration_or_table_is_not_revealed(
    sealing: Forge,
) -> None:
    name, other = f"jira-{new_id()}", f"jira-{new_id()}"
    saved = sealing.integrations.save(name, {"token": _SECRET})
    moved = {**saved.attribute_values, "integration": other}
    sealing.store.put_all([IntegrationConfig(**moved)])

    with pytest.raises(SecretError):
        sealing.integrations.reveal(other)
    assert encryption_context("T", "jira") == _HERE


def test_the_secret_is_in_no_log_error_or_repr(
    sealing: Forge, caplog: pytest.LogCaptureFixture
) -> None:
    name = f"jira-{new_id()}"
    caplog.set_level(logging.DEBUG)

    with structlog.testing.capture_logs() as events:
        saved = sealing.integrations.save(name, {"token": _SECRET})
        sealing.integrations.reveal(name)
    with pytest.raises(InvalidValueError) as too_long:
        sealing.integrations.save(name, {"token": _SECRET * 500})
    with pytest.raises(InvalidValueError) as no_json:
        sealing.integrations.save(name, {"token": _SECRET, "bad": {_SECRET}})
    with pytest.raises(InvalidValueError) as no_number:
        sealing.integrations.save(name, {"token": _SECRET, "bad": float("nan")})

    shown = [_shown(each.value) for each in (too_long, no_json, no_number)]
    assert _SECRET not in "".join([repr(saved), str(events), *shown])
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("autoforge")]
    assert ours
    assert _SECRET not in "".join(ours)


def test_without_a_cipher_nothing_is_stored(store: Store) -> None:
    forge = forge_of(store, cipher=None)
    name = f"jira-{new_id()}"

    with pytest.raises(ConfigurationError, match="stored encrypted only"):
        forge.integrations.save(name, {"token": _SECRET})

    assert store.get(IntegrationConfigOf(name)) is None


def test_there_is_nothing_to_reveal_of_an_integration_that_is_not_there(sealing: Forge) -> None:
    with pytest.raises(ItemNotFoundError):
        sealing.integrations.reveal(new_id())


def test_a_forge_reveals_nothing_of_another_table(sealing: Forge) -> None:
    name = f"jira-{new_id()}"
    saved = sealing.integrations.save(name, {"token": _SECRET})
    elsewhere = replace(sealing.store, table_name=f"elsewhere-{new_id()}")
    elsewhere.create_table()
    elsewhere.put_all([saved])
    cipher = sealing.integrations._cipher()
    other = forge_of(elsewhere, cipher=cipher)

    with pytest.raises(SecretError):
        other.integrations.reveal(name)


def _shown(error: BaseException) -> str:
    """The traceback and repr of an error, as a log might show them."""
    return "".join(traceback.format_exception(error)) + repr(error)
