"""The watch over one Deployment until its rollout has come to rest, or never will."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pytest_canary.core.errors import CanaryError, FoundError, WaitTimeoutError
from pytest_canary.core.findings import Finding
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.diagnosis import Expected, Objects, as_expected
from pytest_canary.k8s.observer import Observer
from pytest_canary.k8s.rollout import rollout_progress

# Seconds by which the watches may be behind what a client has just been told: they come within a
# tenth of one, on a busy machine within one.
LAG = 2.0

# What a later line of what applies it may mend: a Secret that it makes behind the Deployment, a
# rollout that it resumes. Counts once it has been there for so many seconds.
MENDABLE = {"CreateContainerConfigError", "FailedMount", "DeploymentPaused"}
PATIENCE = 2.0

Diagnose = Callable[[Expected], list[Finding]]
"""What is wrong with a Deployment now; nothing where all is well or only on its way."""


class RolloutWatch:
    """Waits for a Deployment, and tells doomed from slow.

    Args:
        expected: the Deployment, and what it is to come to.
        diagnose: says what is wrong with it.
        observer: watches the namespace.
        waiter: waits.
        deadline: seconds until something slow is given up.
        applies: whether the Deployment is being applied now; a finding then tells how soon it came.
    """

    def __init__(
        self,
        expected: Expected,
        diagnose: Diagnose,
        observer: Observer,
        waiter: Waiter,
        deadline: float,
        *,
        applies: bool = False,
    ) -> None:
        self.expected = expected
        self.diagnose = diagnose
        self.observer = observer
        self.waiter = waiter
        self.deadline = deadline
        self.applies = applies
        self._slow: list[Finding] = []
        self._doomed_since: float | None = None
        self._applied: float | None = None
        self._generation = 0

    @property
    def seen(self) -> str:
        """What is there now, in words."""
        return self._progress()[1]

    def look(self, *, applying: bool = False) -> str:
        """Look once.

        Args:
            applying: whether what applies it still runs, and may mend what is missing.

        Returns:
            What is there now, or what seems to be wrong with it, in words.

        Raises:
            FoundError: it can't come right any more.
        """
        if not self._is_applied():
            return self.seen
        findings = self.diagnose(self.expected)
        doomed = [each for each in findings if each.doomed]
        if not doomed:
            self._doomed_since = None
        elif not (applying and self._may_be_mended(doomed)):
            raise self._explain(doomed)
        self._slow = findings
        return "; ".join([*(each.sentence for each in findings[:1]), self.seen])

    def _may_be_mended(self, doomed: list[Finding]) -> bool:
        if any(each.code not in MENDABLE for each in doomed):
            return False
        if self._doomed_since is None:
            self._doomed_since = self.observer.now()
        return self.observer.now() - self._doomed_since < PATIENCE

    def wait_while_applied(
        self,
        name: str,
        apply: Callable[[], None],
        *,
        end: Callable[[], object],
        timeout: float,
    ) -> None:
        """Apply the Deployment, and look at it meanwhile.

        Args:
            name: what applies it, in words.
            apply: applies it; what it raises is raised.
            end: ends what still runs of it, as soon as nobody waits for it any more.
            timeout: seconds until it is given up.

        Raises:
            FoundError: it can't come right any more.
            WaitTimeoutError: it is not applied in time.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="apply") as pool:
            applied = pool.submit(apply)
            applied.add_done_callback(lambda _: self.observer.wake())

            def look() -> Seen[None]:
                if applied.done():
                    applied.result()
                    return Seen("applied", True, None)
                return Seen(self.look(applying=True), False, None)

            try:
                self.waiter.until(
                    f"{name} to end", look, timeout=timeout, change=self.observer.change
                )
            finally:
                end()

    def wait_until_settled(self, generation: int = 0) -> None:
        """Return when the Deployment has exactly the expected replicas and image, all ready.

        Args:
            generation: of the newest spec that the API server has; an older one, which the
                watches may still have, settles nothing.

        Raises:
            FoundError: it never will, or did not in time, and why is known.
            WaitTimeoutError: it did not in time; with what was seen last.
        """

        def look() -> Seen[None]:
            done, text = self._progress()
            return Seen(text if done else self.look(), done, None)

        self._generation = generation
        try:
            self.waiter.until(
                f"{self.expected.replicas}/{self.expected.replicas} of {self.expected.deployment}",
                look,
                timeout=self.deadline,
                change=self.observer.change,
            )
        except WaitTimeoutError as error:
            raise self.deadline_error(error) from error

    def find_cause(self, error: CanaryError) -> CanaryError:
        """The error to raise where what applies it has failed: why, where the watches tell it.

        What applies it asks the API server itself, and may know of a change before the watches do,
        so they are waited for a little.
        """

        def look() -> Seen[None]:
            return Seen(self.look(), False, None)

        try:
            self.waiter.until("its cause", look, timeout=LAG, change=self.observer.change)
        except FoundError as found:
            return found
        except WaitTimeoutError:
            pass
        return self.deadline_error(error)

    def deadline_error(self, error: CanaryError) -> CanaryError:
        """The error to raise at a deadline: with what was wrong until then, where that is known.

        What is only slow explains nothing that has a finding of its own.
        """
        if not self._slow or isinstance(error, FoundError):
            return error
        return self._explain(self._slow, str(error))

    def _explain(self, findings: list[Finding], more: str = "") -> FoundError:
        if not self.applies or self._applied is None:
            return FoundError(findings, more)
        since = self.observer.now() - self._applied
        first = findings[0]
        seen = ", ".join(text for text in (first.seen, f"found {since:.1f} s after apply") if text)
        return FoundError([replace(first, seen=seen), *findings[1:]], more, after=since)

    def _progress(self) -> tuple[bool, str]:
        now, expected = self.observer.snapshot(), self.expected
        known = now.deployments.get(expected.deployment, {}).get("metadata", {})
        if known and known.get("generation", 0) < self._generation:
            return False, f"{expected.deployment}: the watches have not seen the newest spec yet"
        return rollout_progress(
            now.deployments,
            now.pods.values(),
            expected.deployment,
            expected.replicas,
            expected.image,
        )

    def _is_applied(self) -> bool:
        """Whether the Deployment was ever seen as expected: what differs later, others changed."""
        if self._applied is None:
            now = Objects(self.observer.snapshot())
            if as_expected(now, self.expected):
                self._applied = self.observer.now()
                self.expected = replace(self.expected, applied=True)
        return self._applied is not None
