"""Twenty-five plugins that other people's projects have, each beside a walk: docs/plugins.md."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.folders import DOCS, ROOT, TESTS
from fakes.other_plugins import CASES, PASSES, Case, Seen

INSTALLED = ROOT / ".venv" / "others"
PINNED = Path(__file__).parent / "others" / "requirements.txt"
TABLE = DOCS / "plugins.md"
BROKE = "canary broke in a test; mend it"
WALK = ["cluster", "baseline", "canary"]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Seen, Seen]]:
    """What came of each case: of a walk that is to pass, and of one that is to fail."""
    assert INSTALLED.exists(), "the other plugins are not installed; run `make others`"
    argv = [
        sys.executable,
        "-m",
        "fakes.other_plugins",
        str(tmp_path_factory.mktemp("walks") / "w"),
    ]
    path = os.pathsep.join(map(str, [ROOT, TESTS, INSTALLED]))
    ours = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        argv, env={**ours, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True, check=True
    )
    return [(Seen(**passes), Seen(**fails)) for passes, fails in json.loads(done.stdout)]


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{c.package}-{c.tried}" for c in CASES])
def test_a_walk_that_fails_is_never_green(seen: list[tuple[Seen, Seen]], number: int) -> None:
    case, (passes, fails) = CASES[number], seen[number]
    if passes.refusals:
        for refused in (passes, fails):
            assert (refused.code, len(refused.refusals)) == (pytest.ExitCode.USAGE_ERROR, 1)
            assert refused.entered == []
        return
    assert fails.code == pytest.ExitCode.TESTS_FAILED, fails.text
    assert fails.failures, fails.text
    assert fails.entered[-1] == passes.entered[-1] == "cleanup"
    assert bool(passes.failures) is (passes.code == pytest.ExitCode.TESTS_FAILED), passes.text
    if passes.code == pytest.ExitCode.OK:
        assert passes.entered == [*WALK, "cleanup"]
        assert fails.entered == [*WALK, "automatic-rollback", "cleanup"]
        assert fails.failures == [BROKE]
    else:
        assert case.does != PASSES or case.options == ("--benchmark-only",)


def test_the_table_is_what_was_seen(seen: list[tuple[Seen, Seen]], tmp_path: Path) -> None:
    head = TABLE.read_text().partition("\n| ")[0]
    found = f"{head}\n{table(seen)}"
    fresh = tmp_path / TABLE.name
    fresh.write_text(found)
    assert TABLE.read_text() == found, f"what was seen is another table: cp {fresh} {TABLE}"


def table(seen: list[tuple[Seen, Seen]]) -> str:
    """The table in Markdown."""
    lines = [
        "| plugin | what was tried | a walk that passes | a walk that fails |",
        "|---|---|---|---|",
    ]
    shown = ""
    for case, (passes, fails) in list(zip(CASES, seen, strict=True))[1:]:
        name = f"{case.package} {version(case)}"
        cells = [ended(passes), ended(fails)]
        if cells[0] == cells[1]:
            cells[1] = "the same"
        lines.append(f"| {'' if name == shown else name} | {case.tried} | {' | '.join(cells)} |")
        shown = name
    return "\n".join([*lines, ""])


def ended(seen: Seen) -> str:
    """How a walk ended, in a cell."""
    if seen.refusals:
        return f"exit code {seen.code}: {seen.refusals[0]}"
    more = [] if seen.failures in ([], [BROKE]) else seen.failures[:1]
    rolled = ["rolled back"] if "automatic-rollback" in seen.entered else []
    return "; ".join([f"exit code {seen.code}", *rolled, *more]).replace("|", "\\|")


def version(case: Case) -> str:
    """The one that is installed for these tests."""
    found = re.search(rf"(?m)^{re.escape(case.package)}==(.+)$", PINNED.read_text())
    assert found, f"{case.package} is not in {PINNED}"
    return found[1]
