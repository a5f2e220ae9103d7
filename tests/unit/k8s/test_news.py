"""When what is known of a namespace is too old to go by."""

import pytest

from pytest_canary.k8s.news import LIMITS, News
from pytest_canary.k8s.reflector import LIST_TIMEOUT


def test_what_was_heard_a_moment_ago_is_news() -> None:
    news = News()
    assert not news.has("Pod")
    news.hear("Pod", "a list of 3", 10)
    assert news.has("Pod")
    assert news.complaint("shop", 10 + LIMITS.silence) == ""


def test_silence_is_told_with_what_was_heard_last() -> None:
    news = News()
    news.hear("Event", "a list of 9", 100)
    news.hear("Pod", "app-1 MODIFIED", 12)
    news.hear("Service", "a list of 1", 10)
    assert news.complaint("shop", 103) == (
        "the watch of Pod, Service in namespace shop has had no news for 93 s: the last was a list "
        "of 1, and since then nothing came; see whether the API server is well"
    )


def test_what_came_instead_of_news_is_told() -> None:
    news = News()
    news.hear("Pod", "a list of 3", 10)
    for at in range(20, 90, 10):
        news.note_failure("Pod", "Internal Server Error", at, refused=False)
    assert news.trouble("Pod") == "Internal Server Error"
    assert news.complaint("shop", 100) == ""
    assert news.complaint("shop", 101).endswith(
        "the last was a list of 3, and since then it failed 7 times: Internal Server Error; "
        "see whether the API server is well"
    )
    news.hear("Pod", "a list of 3", 102)
    assert news.trouble("Pod") == ""
    assert news.complaint("shop", 110) == ""


def test_who_is_refused_is_told_sooner() -> None:
    news = News()
    for kind in ("Pod", "Service"):
        news.hear(kind, "a list of 3", 10)
        news.note_failure(kind, "Unauthorized", 40, refused=True)
        # It may not be there for a while in between.
        news.note_failure(kind, "Connection refused", 50, refused=False)
        news.note_failure(kind, "Unauthorized", 60, refused=True)
    assert news.complaint("shop", 70) == ""
    assert news.complaint("shop", 71) == (
        "the API server has refused to list Pod, Service in namespace shop for 31 s: Unauthorized; "
        "see who has changed the walk's Role or its account"
    )


@pytest.mark.parametrize("trouble", [10, 20])
def test_a_healthy_watch_has_time_for_trouble(trouble: float) -> None:
    """A node that stands still, or an API server that is gone: at the worst of moments."""
    assert LIMITS.watch + trouble + 2 * LIMITS.grace < LIMITS.silence
    # A connection that was dropped, and another that the list went by.
    assert LIMITS.watch < LIMITS.dropped
    assert LIMITS.dropped + LIST_TIMEOUT[1] + trouble / 2 < LIMITS.silence
