"""Whether what is known of a namespace is new enough to go by."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_canary.core.wording import times


@dataclass(frozen=True)
class Limits:
    """Seconds that the watches of a namespace go by.

    Attributes:
        watch: then the API server ends a watch, and a list follows, which is news even where
            nothing has changed. Bookmarks would not do: it sends none of Events.
        dropped: a watch that has told nothing for so long is given up. The API server would have
            ended it, so its connection was dropped, and nobody said so.
        silence: for so long nothing need be heard of a kind: a watch that was dropped, and an
            API server that starts.
        refused: for so long lists may be refused: while an API server starts, it does not know yet
            who may do what.
        grace: for so long whoever reads waits for news where there are none: this process may have
            stood still itself, and its watches with it.
    """

    watch: int = 30
    dropped: float = 40
    silence: float = 90
    refused: float = 30
    grace: float = 5


LIMITS = Limits()


@dataclass(frozen=True)
class _Heard:
    at: float
    what: str


@dataclass
class _Trouble:
    """What has come instead of news of a kind, since the last ones."""

    times: int = 0
    why: str = ""
    refused_at: float | None = None


class News:
    """When each kind of a namespace's objects was last heard of, and why not since.

    Moments are seconds by any one clock.

    Args:
        limits: how old they may be.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._heard: dict[str, _Heard] = {}
        self._troubles: dict[str, _Trouble] = {}

    def hear(self, kind: str, what: str, at: float) -> None:
        """Write down that a kind was heard of: "a list of 3"."""
        self._heard[kind] = _Heard(at, what)
        self._troubles.pop(kind, None)

    def note_failure(self, kind: str, why: str, at: float, *, refused: bool) -> None:
        """Write down that nothing was heard of a kind, and whether its list was refused."""
        trouble = self._troubles.setdefault(kind, _Trouble())
        trouble.times += 1
        trouble.why = why
        if refused and trouble.refused_at is None:
            trouble.refused_at = at

    def has(self, kind: str) -> bool:
        """Whether a kind was ever heard of."""
        return kind in self._heard

    def trouble(self, kind: str) -> str:
        """Why nothing was heard of a kind when it was last asked for; empty where it was."""
        return self._troubles[kind].why if kind in self._troubles else ""

    def complaint(self, namespace: str, now: float) -> str:
        """Why one can't go by what is known, in a sentence; empty where one can.

        Args:
            namespace: whose objects these are.
            now: the moment.
        """
        return self._describe_refusal(namespace, now) or self._silent(namespace, now)

    def _describe_refusal(self, namespace: str, now: float) -> str:
        since = {
            kind: each.refused_at
            for kind, each in self._troubles.items()
            if each.refused_at is not None
        }
        first = min(since, key=lambda kind: since[kind], default=None)
        if first is None or now - since[first] <= self._limits.refused:
            return ""
        return (
            f"the API server has refused to list {', '.join(sorted(since))} in namespace "
            f"{namespace} for {now - since[first]:.0f} s: {self._troubles[first].why}; "
            "see who has changed the walk's Role or its account"
        )

    def _silent(self, namespace: str, now: float) -> str:
        old = {k: each for k, each in self._heard.items() if now - each.at > self._limits.silence}
        if not old:
            return ""
        oldest = min(old, key=lambda kind: old[kind].at)
        trouble = self._troubles.get(oldest)
        since = f"it failed {times(trouble.times)}: {trouble.why}" if trouble else "nothing came"
        return (
            f"the watch of {', '.join(sorted(old))} in namespace {namespace} has had no news for "
            f"{now - old[oldest].at:.0f} s: the last was {old[oldest].what}, and since then "
            f"{since}; see whether the API server is well"
        )
