"""Pages of metrics that nobody means: what is none is an ApiError."""

import contextlib

import pytest
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


@pytest.mark.parametrize("line", ["a_total 5 {}", "a_total {}", "# TYPE a gauge\na {}"])
def test_a_number_that_is_larger_than_any_is_told(line: str) -> None:
    with pytest.raises(ApiError, match="is not in Prometheus' text format"):
        prometheus.read(line.format("9" * 500) + "\n")


@pytest.mark.parametrize(("first", "second"), [("1e308", "1.7e308"), ("+Inf", "-Inf")])
def test_gauges_that_have_no_sum_are_no_figure(first: str, second: str) -> None:
    name = prometheus.RESIDENT
    page = f'# TYPE {name} gauge\n{name}{{a="1"}} {first}\n{name}{{a="2"}} {second}\n'
    assert prometheus.read(page).resident is None
