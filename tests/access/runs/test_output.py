"""The output of a run grows up to a limit; then it is refused or loses its oldest part."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoforge.access.runs.lifecycle import REMEMBERED
from autoforge.access.runs.output import RESERVED, make_room
from autoforge.dynamodb.schema.item_size import LIMIT, item_size
from autoforge.dynamodb.store.store import Store
from autoforge.errors import ItemTooLargeError
from autoforge.models import AgentRun
from autoforge.testing.recording import watching
from tests.access.runs.at_work import AtWork
from tests.factories import NOON, a_run, new_id
from tests.servers import Engine

#: The largest size of a run, in bytes, whose reports contained only output.
_FULL: Final = LIMIT - RESERVED
LATER: Final = NOON + timedelta(days=365)
#: Characters of one to four bytes.
_CHARACTERS: Final = ("x", "é", "€", "\U0001f600")


def _size(run: AgentRun) -> int:
    return item_size(run.to_item())


def _text(size: int, character: str) -> str:
    """Return a text of a number of bytes, nearly all of them one character."""
    width = len(character.encode())
    return "." * (size % width) + character * (size // width)


def _grown(run: AgentRun, text: str, *, keep_tail: bool) -> AgentRun:
    run.output = (run.output or "") + text
    make_room(run, keep_tail=keep_tail)
    return run


def _holds(run: AgentRun, output: str) -> bool:
    """Whether the run has this output; pytest would take minutes to show the difference."""
    return run.output == output


def _marker(dropped: int) -> str:
    return f"[{dropped} characters of earlier output were dropped]\n"


@pytest.mark.parametrize("character", _CHARACTERS)
@pytest.mark.parametrize("keep_tail", [True, False])
def test_an_output_that_fits_to_the_byte_is_kept_whole(character: str, keep_tail: bool) -> None:
    run = a_run(output="")
    text = _text(_FULL - _size(run), character)

    _grown(run, text, keep_tail=keep_tail)

    assert _size(run) == _FULL
    assert run.output_dropped is None
    assert _holds(run, text)


@pytest.mark.parametrize("character", _CHARACTERS)
def test_an_output_of_a_byte_too_many_is_refused(character: str) -> None:
    run = a_run(output="")
    text = _text(_FULL - _size(run) + 1, character)

    with pytest.raises(ItemTooLargeError, match="AgentRun of 409,601 bytes") as caught:
        _grown(run, text, keep_tail=False)

    assert caught.value.size == sum(caught.value.weights.values()) == LIMIT + 1
    assert caught.value.weights["reserved for the end"] == RESERVED
    assert next(iter(caught.value.weights)) == "output"


@pytest.mark.parametrize("character", _CHARACTERS)
def test_an_output_of_a_byte_too_many_loses_its_oldest_part_where_the_tail_is_kept(
    character: str,
) -> None:
    run = a_run(output="")
    text = _text(_FULL - _size(run) + 1, character)

    _grown(run, text, keep_tail=True)

    dropped = run.output_dropped or 0
    assert _holds(run, _marker(dropped) + text[dropped:])
    assert _FULL - 150 < _size(run) <= _FULL


@settings(max_examples=20)
@given(
    pieces=st.lists(
        st.builds(
            lambda text, times, end: text * times + end,
            st.text(st.sampled_from("a\né€\U0001f600["), min_size=1, max_size=5),
            st.sampled_from([1, 1000, 50_000, 200_000]),
            st.text(st.sampled_from("bé€"), max_size=3),
        ),
        max_size=4,
    )
)
def test_what_is_kept_is_the_end_of_all_that_was_put_out_and_the_rest_is_counted(
    pieces: list[str],
) -> None:
    run = a_run()
    everything = ""

    for piece in pieces:
        everything += piece
        _grown(run, piece, keep_tail=True)

        assert _size(run) <= _FULL
        if run.output_dropped is None:
            assert _holds(run, everything)
            continue
        assert _holds(run, _marker(run.output_dropped) + everything[run.output_dropped :])
        assert _size(run) > _FULL - 150


def test_a_line_that_only_looks_like_the_marker_is_output() -> None:
    run = a_run(output=_marker(7))

    _grown(run, "x" * _FULL, keep_tail=True)

    dropped = run.output_dropped or 0
    assert _holds(run, _marker(dropped) + "x" * (len(_marker(7)) + _FULL - dropped))


def test_what_else_is_too_large_is_refused_even_where_the_tail_is_kept() -> None:
    run = a_run(output="", output_summary="x" * LIMIT)

    with pytest.raises(ItemTooLargeError):
        make_room(run, keep_tail=True)


def test_the_tail_is_kept_as_long_as_a_byte_of_it_fits_beside_the_marker() -> None:
    room = LIMIT - 128 - _size(a_run(output="", output_summary=""))
    roomy, full = (a_run(output="", output_summary="x" * (room - kept)) for kept in (1, 0))

    _grown(roomy, "x" * 1000, keep_tail=True)
    with pytest.raises(ItemTooLargeError):
        _grown(full, "x" * 1000, keep_tail=True)

    assert _holds(roomy, _marker(999) + "x")


def test_a_long_summary_leaves_less_room_for_the_output() -> None:
    run = a_run(output="", output_summary="x" * 2 * RESERVED)

    _grown(run, "x" * _FULL, keep_tail=True)

    assert LIMIT - 150 < _size(run) <= LIMIT


def test_a_run_that_is_full_is_reported_on_and_finished_like_any_other(
    store: Store, engine: Engine
) -> None:
    if engine.name == "moto":
        pytest.skip("moto adds the value that an update replaces to the size of the item")
    work = AtWork(store)
    started = work.starting().run(store)
    longest = "\U0001f600" * 4000
    text = _text(_FULL - _size(_with_output(started)), "\U0001f600")

    full = work.reporting(output=text).run(store)
    assert _holds(full, text)
    assert _size(_with_output(full)) == _FULL
    with watching(store.client) as watched, pytest.raises(ItemTooLargeError):
        work.reporting(output="x").run(store)
    assert watched.operations == ["GetItem"]
    assert work.run == full

    for _ in range(REMEMBERED):
        work.reporting(report_id=f"{new_id()}-{'x' * 37}").run(store)
    work.reporting(changes={"output_summary": longest, "status": "reviewing"}).run(store)
    tail = work.reporting(output="é end", keep_tail=True).run(store)
    tail = work.reporting(output="!", keep_tail=True).run(store)
    finished = work.finishing(changes={"error_message": longest}, at=LATER).run(store)

    dropped = tail.output_dropped or 0
    assert _holds(tail, _marker(dropped) + f"{text}é end!"[dropped:])
    assert finished == work.run
    assert _holds(finished, tail.output or "")
    assert finished.output_summary == longest
    assert _size(finished) <= LIMIT
    work.assert_agreed()


def _with_output(run: AgentRun) -> AgentRun:
    """Return the run with its output and no remembered reports, as an output alone leaves it."""
    bare = AgentRun.from_item(run.to_item())
    bare.output, bare.recent_reports = run.output or "", None
    return bare
