"""What a team's own tests and scripts assert of the release: the stages' own assertions.

rehearsal.expect.replicas("stable", 3)
rehearsal.expect.write_and_read()
rehearsal.expect.no_lost_request()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_canary.api.client import Api
    from pytest_canary.context.workspace import Workspace

# What makes each assertion is imported when it is made: a static check imports none of it.


class Expect:
    """Assertions on a rehearsal: each returns where it holds, and raises with what was seen.

    Args:
        workspace: the rehearsal's.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def replicas(self, track: str, replicas: int, of: str = "") -> None:
        """A track has exactly so many replicas of a version, all ready; waits for them.

        Pods that were told to end may still be there beside them; see `gone`.

        Args:
            track: "canary" or "stable".
            replicas: how many.
            of: "candidate" or "baseline"; empty for the one that the track's Deployment names.

        Raises:
            FoundError: it never will, or did not in time, and why is known.
            WaitTimeoutError: it did not in time; with what was seen last.
        """
        from pytest_canary.context import expect

        context = self._workspace.context
        expect.replicas(context, track, replicas, of or context.deployed_title(track))

    def write_and_read(self, api: Api | None = None) -> None:
        """A row that is written can be read back.

        Args:
            api: asked, such as `rehearsal.pod_api("canary")`; None for the Service.

        Raises:
            ApiError: the write is not acknowledged, or the row is not there.
        """
        from pytest_canary.context import expect

        expect.write_and_read(self._workspace.context, api)

    def write_and_read_elsewhere(self, api: Api, elsewhere: Api) -> None:
        """A row that one version writes can be read from the other.

        Args:
            api: writes; `rehearsal.pod_api("canary")`.
            elsewhere: reads; `rehearsal.pod_api("stable")`.

        Raises:
            ApiError: the write is not acknowledged, or the row is not there.
        """
        from pytest_canary.context import expect

        expect.write_and_read_elsewhere(api, elsewhere)

    def every_row(self, api: Api | None = None) -> None:
        """Every row that was ever acknowledged is there: the checks' and the traffic's.

        Args:
            api: asked; None for the Service.

        Raises:
            ReleaseError: some are missing or doubled, or none was ever written.
        """
        from pytest_canary.context import expect

        expect.every_row(self._workspace.context, api)

    def other_requests(self, api: Api | None = None) -> None:
        """The requests of `api.checks`, and `api.bounded-read`, answer as promised.

        Args:
            api: asked; None for the Service.

        Raises:
            ApiError: one does not.
        """
        from pytest_canary.context import expect

        expect.other_requests(self._workspace.context, api)

    def no_lost_request(self) -> None:
        """None of the traffic's requests was lost so far; waits for pods that were told to end.

        What the live version loses as its pods stop, and what is lost as the cluster leads to pods
        long after they were told to end, is a warning.

        Raises:
            FoundError: some were.
            TrafficError: there is no traffic, or too little of it to tell.
            WaitTimeoutError: such a pod still runs, or a request has no end.
        """
        from pytest_canary.context import expect

        expect.no_lost_request(self._workspace.context, "")

    def no_more_lost_requests(self) -> None:
        """None of the traffic's requests is lost from now on: at least 30 more are waited for.

        Now is when the pods that were told to end have ended, and nobody is led to them.

        Raises:
            FoundError: some are.
            WaitTimeoutError: such a pod still runs, too few are sent, or one has no end.
            NotApplicable: the app is not reached as its users reach it.
        """
        from pytest_canary.context import expect

        expect.no_more_lost_requests(self._workspace.context)

    def connections(self, *tracks: str) -> None:
        """The Service sends connections to the tracks' ready pods and no other; waits for it.

        Args:
            tracks: "canary", "stable" or both.

        Raises:
            FoundError: it never will, and why is known.
            WaitTimeoutError: it never did; with what is different.
        """
        from pytest_canary.context import expect

        expect.connections(self._workspace.context, *tracks)

    def only_version(self, title: str) -> None:
        """Every one of 300 new connections is answered by a version.

        Args:
            title: "candidate" or "baseline".

        Raises:
            ReleaseError: another one answers too, or neither a header nor a kind node tells who.
            NotApplicable: the node was to tell, and can't.
        """
        from pytest_canary.context import expect

        expect.only_version(self._workspace.context, title)

    def fair_share(self) -> None:
        """The canary gets the share of 300 new connections that is its share of the replicas.

        Raises:
            ApiError: too many connections failed, or were not answered as promised.
            ReleaseError: it gets more or less, or neither a header nor a kind node tells who.
            NotApplicable: the Service does not share its connections by numbers of pods, the app
                is not reached as its users reach it, or the node was to tell, and can't.
        """
        from pytest_canary.context.fair_share import fair_share

        fair_share(self._workspace.context)

    def image_on_node(self, title: str) -> None:
        """Pods find a version's image on the kind node, without asking a registry.

        Args:
            title: "candidate" or "baseline".

        Raises:
            ImageError: it is not there.
            ClusterError: the walk is in a cluster that it did not make.
            ReleaseError: no version has that title.
        """
        from pytest_canary.context import expect
        from pytest_canary.core.errors import ReleaseError

        context = self._workspace.context
        if title not in ("candidate", "baseline"):
            raise ReleaseError(f'there is no version "{title}"; say "candidate" or "baseline"')
        version = context.candidate if title == "candidate" else context.baseline
        expect.image_on_node(context, version)

    def migrated_schema(self) -> None:
        """The schema is the one that the candidate's migrations make on an empty database.

        Raises:
            FoundError: it is another; with what is different.
            ReleaseError: there was no migration.
        """
        from pytest_canary.context import expect_outcomes

        expect_outcomes.migrated_schema(self._workspace.context)

    def nobody_waited(self) -> None:
        """The candidate's migration kept nobody waiting for longer than `database.lock-limit`.

        Raises:
            FoundError: it did; with the statement that held the lock.
            ReleaseError: there was no migration, or nobody knows how long its locks were held.
        """
        from pytest_canary.context import expect_outcomes

        expect_outcomes.nobody_waited(self._workspace.context)

    def go(self) -> None:
        """The verdict is go.

        Raises:
            FoundError: it is not; with why.
            ReleaseError: there is none.
            NotApplicable: nobody could tell the two versions apart.
        """
        from pytest_canary.context import expect_outcomes

        expect_outcomes.go(self._workspace.context)

    def gone(self, track: str) -> None:
        """A track's Deployment and its pods are gone; waits for it.

        Raises:
            WaitTimeoutError: they aren't in time; with what is left.
        """
        self._workspace.context.release.wait_until_gone(track)

    def nothing_left(self) -> None:
        """After the cleanup, nothing of the run is left.

        Raises:
            ReleaseError: something is, or there was no cleanup yet.
        """
        from pytest_canary.context import expectations
        from pytest_canary.context.outcomes import CleanupOutcome

        journal = self._workspace.journal
        for kind in journal.outcome(CleanupOutcome).left:
            expectations.expect_none_left(journal, kind)
