"""Verdicts that need no half a minute of requests: each of two sides that are alike."""

from fakes.observed import observed, requests

from pytest_canary.analysis.judge import Judge
from pytest_canary.config.settings import VerdictSettings

GO = Judge(VerdictSettings()).look(
    1.0, observed(requests(800, seconds=0.01)), observed(requests(400, seconds=0.01))
)

GO_IN_TURN = Judge(VerdictSettings(), in_turn=True).look(
    1.0, observed(requests(800, seconds=0.01)), observed(requests(400, seconds=0.01))
)
