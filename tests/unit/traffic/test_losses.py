"""Lost requests, by name."""

import pytest
from unit.traffic.test_exchange import exchange

from pytest_canary.traffic.exchange import Kind
from pytest_canary.traffic.losses import STOPPED, Before, request_findings


def test_no_loss_is_no_finding() -> None:
    assert request_findings(100, []) == []


def test_lost_requests_are_named_those_first_that_no_client_may_send_again() -> None:
    read_, write = exchange(Kind.RESET), exchange(Kind.RESET, "PUT", stage="canary", transition="")
    (found,) = request_findings(1200, [read_, write, read_])
    assert found.code == "RequestsLost"
    assert found.sentence == (
        "3 of 1,200 requests were lost, 1 of them such as no client may safely send again: "
        f"{write.shown}"
    )
    assert found.where == "2 in migration during migrate, 1 in canary"
    assert found.seen == "3 reset"
    assert found.evidence.splitlines() == [write.shown, read_.shown, read_.shown]
    assert found.likely == STOPPED


def test_losses_that_a_client_may_make_good_are_told_as_such() -> None:
    each = exchange(Kind.REFUSED, "PUT", stage="", transition="")
    (found,) = request_findings(10, [each])
    assert found.sentence == (
        "1 of 10 requests were lost, none of them such as no client may safely send again: "
        f"{each.shown}"
    )
    assert found.where == "1 outside every stage"


@pytest.mark.parametrize(
    ("kind", "likely"),
    [
        (Kind.REFUSED, "without a ready pod"),
        (Kind.CUT, "SIGTERM"),
        (Kind.CLOSED, "preStop"),
        (Kind.TIMEOUT, "lock"),
        (Kind.SERVER_ERROR, ""),
    ],
)
def test_the_likely_cause_is_that_of_the_first(kind: Kind, likely: str) -> None:
    """Pods that stop too early leave more to the others, which may then be late."""
    losses = [exchange(kind), exchange(Kind.WRONG), exchange(Kind.WRONG)]
    (found,) = request_findings(9, losses)
    assert likely in found.likely
    assert bool(found.likely) == bool(likely)


def test_what_the_live_version_loses_by_itself_is_told_as_such() -> None:
    before = Before(280, until=9.5)
    alone = [exchange(Kind.SERVER_ERROR, due=due) for due in (3.0, 9.0)]
    later = exchange(Kind.RESET, due=9.5)
    (found,) = request_findings(900, [*alone, later], before)
    assert found.likely == (
        "the live version loses some by itself: 2 of 280 requests before the canary came, which "
        "are too few to tell how many of the others are its own too"
    )
    assert found.next.startswith("mend it; until that is live, ")
    assert "--canary-baseline none" in found.next
    # Nothing of the kind where it lost none.
    assert request_findings(900, [later], before) == request_findings(900, [later])


def test_what_else_happened_then_is_told_after_all_of_them() -> None:
    each = exchange(Kind.RESET)
    (found,) = request_findings(100, [each] * 30, beside=["a pod ended"])
    assert found.evidence.splitlines()[-2:] == ["… and 10 more", "a pod ended"]
