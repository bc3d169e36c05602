"""Values derived from a history alone."""

from tests.demo.repositories import START, a_commit, a_history, a_tag, minutes


def test_the_commits_since_a_tag_are_those_it_does_not_have_behind_it() -> None:
    base, side, main = a_commit(1), a_commit(2), a_commit(3, parents=(f"{1:040x}",))
    merge = a_commit(4, parents=(main.hash, side.hash))

    history = a_history(base, side, main, merge, tags=(a_tag(main),))

    assert history.unreleased == (side, merge)


def test_before_its_newest_commit_a_history_lacks_that_commit_and_its_tags() -> None:
    first, second = a_commit(1), a_commit(2)
    history = a_history(first, second, tags=(a_tag(first), a_tag(second, name="v2")))

    assert history.before_head() == a_history(first, tags=(a_tag(first),))
    assert a_history(first).before_head() is None


def test_a_history_ends_with_the_last_thing_that_happened() -> None:
    skewed, head = a_commit(1, moment=START + minutes(5)), a_commit(2, moment=START)

    assert a_history(skewed, head).ends_at == START + minutes(5)
    for moment in (START + minutes(4), START + minutes(6)):
        history = a_history(skewed, head, tags=(a_tag(head, moment=moment),))
        assert history.ends_at == max(moment, START + minutes(5))
