"""Loading removes e-mail addresses and passwords from texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoforge.demo.texts import cut, plain, public_remote


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Co-authored-by: Zoë <zoe@example.com>", "Co-authored-by: Zoë"),
        ("Signed-off-by: root <root@localhost>", "Signed-off-by: root"),
        ("write to a.b+c@mail.example.org.", "write to …."),
        ("pin click@8.1.2 and @decorate it", "pin click@8.1.2 and @decorate it"),
    ],
)
def test_a_text_is_shown_without_e_mail_addresses(raw: str, shown: str) -> None:
    assert plain(raw.encode()) == shown


def test_bytes_that_are_no_utf_8_are_marked_and_do_not_fail() -> None:
    assert plain(b"Gr\xfc\xdfe\0") == "Gr��e"


def test_a_long_word_is_read_in_no_time() -> None:
    assert plain(b"x" * 1_000_000 + b"@") == "x" * 1_000_000 + "@"


@pytest.mark.parametrize(
    ("remote", "public"),
    [
        ("https://ada:secret@example.com/a/portal.git", "https://example.com/a/portal.git"),
        ("https://token@example.com:8443/portal", "https://example.com:8443/portal"),
        ("https://ada:p@ss@example.com/portal", "https://example.com/portal"),
        ("https://example.com/portal?private_token=secret#x", "https://example.com/portal"),
        ("ssh://git@example.com/portal.git", "ssh://example.com/portal.git"),
        ("git@example.com:a/portal.git", "example.com:a/portal.git"),
        ("https://ada:sec/ret@example.com/portal", None),
        ("ext::sh -c secret", None),
        ("https://[broken", None),
        ("/srv/git/portal.git", None),
        ("../portal", None),
        ("file:///srv/git/portal.git", None),
    ],
)
def test_a_remote_is_shown_without_user_and_password_and_a_path_not_at_all(
    remote: str, public: str | None
) -> None:
    assert public_remote(remote) == public


@given(st.text(), st.integers(1, 50))
def test_a_text_that_is_cut_is_no_longer_than_it_may_be_and_begins_as_it_did(
    text: str, length: int
) -> None:
    shown = cut(text, length)

    assert len(shown) <= length
    assert text.startswith(shown.removesuffix("…"))
    assert (shown == text) == (len(text) <= length)
