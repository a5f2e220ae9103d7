"""Whole sessions with a canary that ails, as a user runs them.

What is said and kept of it, and the way back, are asserted of every fault in `make test` too.
"""

from __future__ import annotations

import re

import docker
import pytest
from acceptance.projects import NOTHING, Ailing, Project, addressbook_settings, left, node_of

pytestmark = [pytest.mark.alone, pytest.mark.soak]


def test_a_canary_that_errs_stops_the_release_and_is_rolled_back(
    shared: Project, releases: dict[str, str], ailing: Ailing, engine: docker.DockerClient
) -> None:
    walked = shared.pytest(
        "--canary",
        "--canary-reuse",
        f"--canary-baseline={releases['1']}",
        f"--canary-image={ailing('2', 'errs')}",
    )

    assert walked.code == 1
    assert "FAILED canary/verdict::the verdict is go" in walked.text
    assert walked.text.count("FAILED ") == 1
    told = r"\d+ of \d+ requests to the canary failed \([\d.]+ %\), and 0 of [\d,]+ to the baseline"
    assert re.search(told, walked.text)
    assert "no-go: " in walked.stage("verdict")
    for words in ("rolled back: 3/3 of release 1; the API answers", "nothing lost"):
        assert words in walked.stage("rollback")
    assert walked.stage("cleanup").endswith("nothing left")
    evidence = shared.evidence
    assert re.search(told, (evidence / "finding.txt").read_text())
    assert "addressbook-canary" in (evidence / "describe.txt").read_text()
    assert left(engine, shared, beside=node_of(engine, shared)) == NOTHING


def test_an_app_that_stops_at_once_loses_requests_which_are_named(
    shared: Project, releases: dict[str, str], ailing: Ailing, engine: docker.DockerClient
) -> None:
    """Two canaries of five pods go at once, when some five answers of theirs are under way.

    The verdict is to find nothing, however busy the machine is.
    """
    more = {"replicas": "canary = 2", "verdict": "errors = 0.2\nlatency = 2.0\nmemory = 2.0"}
    shared.write("abrupt.toml", addressbook_settings(**more))

    walked = shared.pytest(
        "--canary",
        "--canary-reuse",
        "--canary-config=abrupt.toml",
        f"--canary-baseline={releases['1']}",
        f"--canary-image={ailing('2', 'abrupt')}",
    )

    assert walked.code == 1
    assert "FAILED canary/stable::no request is lost" in walked.text
    told = re.search(
        r"(\d+) of [\d,]+ requests were lost, (none|\d+) of them such as no client may safely send "
        r"again: (GET /all|PUT /person) .* s after the start \([\d:.]+ UTC\), in stable(, during "
        r"promote)?; (it never arrived, so a client may send it again"
        r"|it only reads, so a client may send it again"
        r"|it may have been done, so no client may safely send it again)",
        walked.text,
    )
    assert told, "request, stage, transition, and whether it may be sent again"
    assert re.search(r"seen +.*\d+ in stable", walked.text), "where they were lost"
    assert "let the app serve on for some seconds after SIGTERM" in walked.text
    assert walked.stage("rollback").startswith("canary/rollback ......")
    assert told[0] in (shared.evidence / "finding.txt").read_text()
    assert left(engine, shared, beside=node_of(engine, shared)) == NOTHING
