"""Traffic through the Service, all along the walk, and what became of each of its requests.

`traffic.py` is what a user has; `schedule.py`, `exchange.py`, `ledger.py`, `summary.py` and
`losses.py` decide, without a socket; `generator.py` and `sender.py` act.
"""

from __future__ import annotations

from pytest_canary.api.read_back import ReadBack
from pytest_canary.traffic.exchange import Exchange, Kind
from pytest_canary.traffic.summary import Bin, Summary
from pytest_canary.traffic.traffic import Cost, Traffic

__all__ = ["Bin", "Cost", "Exchange", "Kind", "ReadBack", "Summary", "Traffic"]
