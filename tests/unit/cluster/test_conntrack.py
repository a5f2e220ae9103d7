"""Connections as conntrack lists them, on recorded tables; what is none of its lists is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

import hypothesis
import pytest
from fakes.folders import FIXTURES
from hypothesis import strategies

from pytest_canary.cluster.conntrack import Connection, Entry, Table, connections_between, table
from pytest_canary.core.errors import ClusterError

RECORDED = FIXTURES / "conntrack"
PORT = 30002
ENTRY = (
    "tcp      6 118 TIME_WAIT src=172.18.0.9 dst=172.18.0.1 sport=49898 dport=30002 "
    "src=10.244.1.9 dst=10.244.1.1 sport=3000 dport=49898 [ASSURED] mark=0 use=1"
)


def recorded(name: str) -> Table:
    return table((RECORDED / f"{name}.txt").read_text(), PORT)


def by_pod(found: Iterable[Connection]) -> Counter[str]:
    return Counter(each.pod for each in found)


def test_what_came_between_two_tables_is_known_by_its_pod() -> None:
    before, after = recorded("before"), recorded("after")
    assert by_pod(before) == {"10.244.1.9": 1, "10.244.2.9": 3, "fd00:10:244:1::9": 1}
    assert before.keys() < after.keys(), "what was closed is still known"
    assert by_pod(connections_between(before, after)) == {
        "10.244.1.9": 3,
        "10.244.2.9": 4,
        "fd00:10:244:1::9": 1,
        "fd00:10:244:2::9": 2,
    }


def test_an_extended_list_says_the_same() -> None:
    """With another protocol in it, and less time left for some."""
    before, after = recorded("after"), recorded("extended")
    assert after.keys() == before.keys()
    assert connections_between(before, after) == []


def test_a_port_that_is_used_again_makes_another_connection() -> None:
    """Four of six are; three of them lead to the same pod as before."""
    before, after = recorded("ports-used"), recorded("ports-used-again")
    assert len(before.keys() & after.keys()) == 5
    assert by_pod(connections_between(before, after)) == {"10.244.2.9": 4}
    (still,) = table(ENTRY.replace("118 TIME_WAIT", "30 LAST_ACK"), PORT).items()
    assert still[1] == Entry(over=False, left=30)
    assert connections_between(dict([still]), table(ENTRY, PORT)) == [], "it has only been closed"


def test_connections_to_another_port_are_none_of_them() -> None:
    text = (RECORDED / "after.txt").read_text()
    (probe,) = table(text, 3000)
    assert (probe.port, probe.pod) == (3000, "10.244.1.9")
    assert table(text, 30003) == table("", PORT) == {}


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY.replace("118 ", "42 "),
        ENTRY.replace("TIME_WAIT", "CLOSE"),
        ENTRY.replace("30002 src", "30002 packets=6 bytes=392 src"),
        ENTRY.replace("mark=0", "mark=0 secctx=null zone=1"),
        ENTRY.replace("118 TIME_WAIT ", "").replace("[ASSURED]", "[HW_OFFLOAD]"),
        ENTRY + " id=1216805512",
    ],
)
def test_what_else_an_entry_says_makes_no_other_of_it(entry: str) -> None:
    assert table(entry, PORT).keys() == table(ENTRY, PORT).keys() != set()


@pytest.mark.parametrize(
    "line",
    [
        "conntrack v1.4.7 (conntrack-tools): Operation failed: such conntrack doesn't exist",
        "tcp      6 118 TIME_WAIT",
        ENTRY.rpartition(" sport")[0],
        ENTRY.replace("sport=3000", "sport=http"),
        ENTRY.replace("10.244.1.9", "10.244.1"),
        ENTRY + " src=1.2.3.4",
        '<flow><meta direction="original">',
    ],
)
def test_a_line_that_is_none_of_its_lists_is_told(line: str) -> None:
    with pytest.raises(ClusterError) as failure:
        table(f"{ENTRY}\n{line}\n", PORT)
    told = failure.value.sentence
    assert told.startswith("`conntrack -L` on the node lists what is no connection: ")
    assert line[:20] in told


def test_a_long_line_is_cut() -> None:
    with pytest.raises(ClusterError) as failure:
        table("x" * 10_000, PORT)
    assert len(failure.value.sentence) < 300


@hypothesis.given(
    strategies.text(),
    strategies.lists(
        strategies.sampled_from([*ENTRY.split(), "udp", "src=", "dport=x", "sport=9"])
    ),
)
def test_no_line_gives_a_traceback(text: str, words: list[str]) -> None:
    for listing in (text, " ".join(words), f"tcp 6 {text}"):
        with suppress(ClusterError):
            table(listing, PORT)
