"""The watch kept over one Deployment until it has come to rest, or never will."""

from __future__ import annotations

from dataclasses import replace

from pytest_canary.core.errors import CanaryError, FoundError, WaitTimeoutError
from pytest_canary.core.findings import Finding
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.diagnosis import Expected, Objects, as_expected
from pytest_canary.k8s.observer import Observer
from pytest_canary.k8s.rollout import settled
from pytest_canary.release.triage import Triage


class Vigil:
    """Waits for a Deployment, and tells doomed from slow.

    Args:
        expected: the Deployment, and what it is to come to.
        triage: says what is wrong.
        observer: watches the namespace.
        waiter: waits.
        deadline: seconds until something slow is given up.
        applies: whether the Deployment is being applied now; a finding then tells how soon it came.
    """

    def __init__(
        self,
        expected: Expected,
        triage: Triage,
        observer: Observer,
        waiter: Waiter,
        deadline: float,
        *,
        applies: bool = False,
    ) -> None:
        self.expected = expected
        self.triage = triage
        self.observer = observer
        self.waiter = waiter
        self.deadline = deadline
        self.applies = applies
        self._slow: list[Finding] = []
        self._applied: float | None = None

    def seen(self) -> str:
        """What is there now, in words."""
        return self._settled()[1]

    def look(self) -> str:
        """Look once.

        Returns:
            What is there now, or what seems to be wrong with it, in words.

        Raises:
            FoundError: it can't come right any more.
        """
        if not self._is_applied():
            return self.seen()
        found = self.triage.look(self.expected)
        doomed = [each for each in found if each.doomed]
        if doomed:
            raise self._known(doomed)
        self._slow = found
        return "; ".join([*(each.sentence for each in found[:1]), self.seen()])

    def until_settled(self) -> None:
        """Return when the Deployment has exactly the expected replicas and image, all ready.

        Raises:
            FoundError: it never will, or did not in time, and why is known.
            WaitTimeoutError: it did not in time; with what was seen last.
        """

        def look() -> Seen[None]:
            done, text = self._settled()
            return Seen(text if done else self.look(), done, None)

        try:
            self.waiter.until(
                f"{self.expected.replicas}/{self.expected.replicas} of {self.expected.deployment}",
                look,
                timeout=self.deadline,
                change=self.observer.change,
            )
        except WaitTimeoutError as error:
            raise self.given_up(error) from error

    def given_up(self, error: CanaryError) -> CanaryError:
        """The error to raise at a deadline: with what was wrong until then, where that is known."""
        if not self._slow:
            return error
        return self._known(self._slow, str(error))

    def _known(self, findings: list[Finding], more: str = "") -> FoundError:
        if not self.applies or self._applied is None:
            return FoundError(findings, more)
        since = self.observer.now() - self._applied
        first = findings[0]
        seen = ", ".join(text for text in (first.seen, f"found {since:.1f} s after apply") if text)
        return FoundError([replace(first, seen=seen), *findings[1:]], more, after=since)

    def _settled(self) -> tuple[bool, str]:
        now, expected = self.observer.snapshot(), self.expected
        pods = now.pods.values()
        return settled(
            now.deployments, pods, expected.deployment, expected.replicas, expected.image
        )

    def _is_applied(self) -> bool:
        """Whether the Deployment was ever seen as expected: what differs later, others changed."""
        if self._applied is None:
            now = Objects(self.observer.snapshot())
            if as_expected(now, self.expected):
                self._applied = self.observer.now()
                self.expected = replace(self.expected, applied=True)
        return self._applied is not None
