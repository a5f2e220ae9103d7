"""Pages of metrics that nobody means: what is none is an ApiError."""

import contextlib

from fakes.hostile import spoilt
from hypothesis import given

from pytest_canary.analysis import prometheus
from pytest_canary.core.errors import ApiError

PAGE = """# HELP jobs_failed_total Jobs.
# TYPE jobs_failed_total counter
jobs_failed_total{queue="a",status="500"} 5 1520879607789
# TYPE seconds histogram
seconds_bucket{le="+Inf"} 3
seconds_count 3
process_resident_memory_bytes 4.0e+07
"""


@given(page=spoilt(PAGE, ("{", "}", '"', "\\", "NaN", "+Inf", "# TYPE", "\0", "=", "9" * 500)))
def test_any_page_is_one_of_metrics_or_told(page: str) -> None:
    with contextlib.suppress(ApiError):
        metrics = prometheus.read(page)
        prometheus.errors_counted(metrics, metrics)
        assert metrics.resident is None or metrics.resident >= 0 or "-" in page
