"""The load from baseline to rollback, that of each track too, and what came of each request.

`traffic.py` is what a user has, `track_traffic.py` what the verdict asks; `flow.py` is their life.
`pace.py`, `schedule.py`, `ramp.py`, `exchange.py`, `ledger.py`, `columns.py`, `summary.py`,
`losses.py` and `gaps.py` decide, without a socket; `generator.py` and `sender.py` act.
"""

from __future__ import annotations

from pytest_canary.api.read_back import ReadBack
from pytest_canary.traffic.columns import Columns
from pytest_canary.traffic.cost import Cost
from pytest_canary.traffic.exchange import Exchange, Kind
from pytest_canary.traffic.ramp import Load, Ramp
from pytest_canary.traffic.summary import Bin, Summary
from pytest_canary.traffic.track_traffic import TrackTraffic
from pytest_canary.traffic.traffic import Traffic

__all__ = [
    "Bin",
    "Columns",
    "Cost",
    "Exchange",
    "Kind",
    "Load",
    "Ramp",
    "ReadBack",
    "Summary",
    "TrackTraffic",
    "Traffic",
]
