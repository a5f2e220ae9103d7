"""What a rehearsal that passed has walked, in one line; made of its journal."""

from __future__ import annotations

from pytest_canary.api import read_back
from pytest_canary.context.journal import Journal
from pytest_canary.context.outcomes import VerdictOutcome


def summarize(journal: Journal) -> str:
    """What was walked, what became of requests and writes, and why there is no verdict."""
    plan, found = journal.plan, journal.versions
    versions = [found[title] for title in ("baseline", "candidate") if title in found]
    until = plan.options.until
    reached = "every stage" if until == "cleanup" else f"every stage until {until}"
    parts = [f"{' '.join([plan.settings.name, ' -> '.join(versions)]).strip()} passed {reached}"]
    if journal.traffic:
        parts.append(f"{journal.traffic.sent:,} requests, {journal.traffic.lost:,} lost")
    writes = read_back.summary(journal.writes, journal.read_back)
    parts += [writes] if writes else []
    if plan.upgrade and not plan.judges:
        parts.append("no verdict, as there is no traffic")
    outcome = journal.find(VerdictOutcome)
    if outcome and outcome.absent:
        parts.append(f"no verdict, as {outcome.absent}")
    return "; ".join(parts)
