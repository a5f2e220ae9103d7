"""Pages of metrics, as client libraries write them, and what they count of things gone wrong."""

import math

import pytest

from pytest_canary.analysis.prometheus import Metrics, errors_counted, read, together
from pytest_canary.core.errors import ApiError

# prometheus-client for Python, as the bundled addressbook has it.
PYTHON = """\
# HELP process_resident_memory_bytes Resident memory size in bytes.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 4.8123904e+07
# HELP http_requests_total Requests answered.
# TYPE http_requests_total counter
http_requests_total{method="GET",path="/all",status="200"} 41.0
http_requests_total{method="PUT",path="/person",status="200"} 7.0
http_requests_total{method="PUT",path="/person",status="503"} 2.0
http_requests_total{method="GET",path="/all",status="500"} 1.0
# HELP http_request_duration_seconds Time from a request's head to the end of its answer.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.001",method="GET",path="/all"} 3.0
http_request_duration_seconds_bucket{le="+Inf",method="GET",path="/all"} 42.0
http_request_duration_seconds_count{method="GET",path="/all"} 42.0
http_request_duration_seconds_sum{method="GET",path="/all"} 0.31
"""
# Micrometer has a timer, and no counter, of requests.
JAVA = """\
# TYPE http_server_requests_seconds summary
http_server_requests_seconds_count{exception="None",outcome="SUCCESS",status="200",uri="/"} 12.0
http_server_requests_seconds_sum{exception="None",outcome="SUCCESS",status="200",uri="/"} 0.4
http_server_requests_seconds_count{exception="E",outcome="SERVER_ERROR",status="500",uri="/"} 3.0
http_server_requests_seconds_sum{exception="E",outcome="SERVER_ERROR",status="500",uri="/"} 0.1
# TYPE jvm_memory_used_bytes gauge
jvm_memory_used_bytes{area="heap",id="G1 Eden Space"} 1.2E7
jvm_memory_used_bytes{area="nonheap",id="Metaspace"} 3.0E7
"""
NONE = Metrics({}, {})


def test_counters_and_gauges_are_told_apart() -> None:
    found = read(PYTHON)
    series = ("http_requests_total", (("method", "GET"), ("path", "/all"), ("status", "200")))
    assert found.counters[series] == 41
    assert series not in found.gauges
    assert found.resident == 48_123_904
    assert not any(name.endswith(("_bucket", "_sum")) for name, _ in found.counters)


def test_a_gauge_is_the_sum_of_its_labels() -> None:
    assert read(JAVA).gauge("jvm_memory_used_bytes") == 42_000_000
    assert read(JAVA).resident is None
    assert read("# TYPE g gauge\ng NaN\n").gauge("g") is None


def test_memory_that_is_negative_is_not_told() -> None:
    page = "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {}\n"
    assert read(page.format(-1)).resident is None
    assert read(page.format(0)).resident == 0


def test_what_was_answered_with_5xx_is_counted() -> None:
    assert errors_counted(NONE, read(PYTHON)) == {'http_requests_total{status=~"5.."}': 3}
    assert errors_counted(NONE, read(JAVA)) == {
        'http_server_requests_seconds_count{status=~"5.."}': 3
    }


def test_only_what_was_added_in_the_window_counts() -> None:
    later = PYTHON.replace('status="503"} 2.0', 'status="503"} 6.0').replace("} 41.0", "} 99.0")
    assert errors_counted(read(PYTHON), read(later)) == {'http_requests_total{status=~"5.."}': 4}


def test_a_process_that_started_anew_counts_from_0() -> None:
    later = PYTHON.replace('status="503"} 2.0', 'status="503"} 1.0')
    assert errors_counted(read(PYTHON), read(later)) == {'http_requests_total{status=~"5.."}': 1}


def test_an_app_without_errors_has_counted_none_of_them() -> None:
    well = "".join(
        line for line in PYTHON.splitlines(keepends=True) if "503" not in line and "500" not in line
    )
    assert errors_counted(read(well), read(well)) == {'http_requests_total{status=~"5.."}': 0}
    # Then the first error makes the series.
    assert errors_counted(read(well), read(PYTHON)) == {'http_requests_total{status=~"5.."}': 3}


@pytest.mark.parametrize(
    "name",
    [
        "jobs_failed_total",
        "app_errors_total",
        "errors_total",
        "payment_failures_total",
        "python_exceptions_total",
        "http_panics_total",
    ],
)
def test_a_counter_whose_name_says_so_counts_things_gone_wrong(name: str) -> None:
    page = f'# TYPE {name} counter\n{name}{{kind="a"}} 1\n{name}{{kind="b"}} 2\n'
    assert errors_counted(NONE, read(page)) == {name: 3}
    # A client library may name a counter before it counts, or not tell its type.
    assert errors_counted(NONE, read(f"# TYPE {name} counter\n")) == {name: 0}
    assert errors_counted(NONE, read(f"{name} 4\n")) == {name: 4}


@pytest.mark.parametrize(
    ("page", "counted"),
    [
        (
            # Micrometer, of Logback.
            'logback_events_total{level="info"} 90\nlogback_events_total{level="error"} 3\n',
            {'logback_events_total{level=~"error|critical|fatal|panic"}': 3},
        ),
        (
            'log_lines_total{severity="WARNING"} 4\n',
            {'log_lines_total{severity=~"error|critical|fatal|panic"}': 0},
        ),
        (
            # go-grpc-prometheus, and its like for Python.
            'grpc_server_handled_total{grpc_code="OK",grpc_method="All"} 90\n'
            'grpc_server_handled_total{grpc_code="Internal",grpc_method="All"} 2\n'
            'grpc_server_handled_total{grpc_code="DATA_LOSS",grpc_method="All"} 1\n'
            # What the client did wrong.
            'grpc_server_handled_total{grpc_code="NotFound",grpc_method="All"} 7\n',
            {
                'grpc_server_handled_total{grpc_code=~"Unknown|DeadlineExceeded|Unimplemented|'
                'Internal|Unavailable|DataLoss"}': 3
            },
        ),
        (
            # OpenTelemetry.
            "# TYPE rpc_server_duration histogram\n"
            'rpc_server_duration_count{rpc_grpc_status_code="0"} 9\n'
            'rpc_server_duration_count{rpc_grpc_status_code="13"} 2\n'
            'rpc_server_duration_count{rpc_grpc_status_code="5"} 4\n',
            {'rpc_server_duration_count{rpc_grpc_status_code=~"2|4|12|13|14|15"}': 2},
        ),
    ],
)
def test_a_counter_whose_labels_say_so_counts_things_gone_wrong(
    page: str, counted: dict[str, float]
) -> None:
    assert errors_counted(NONE, read(page)) == counted


@pytest.mark.parametrize(
    "page",
    [
        '# TYPE games_total counter\ngames_total{level="7"} 4\n',
        "# TYPE errors_handled_total counter\nerrors_handled_total 4\n",
        "# TYPE terrors_total counter\nterrors_total 4\n",
        "# TYPE open_errors gauge\nopen_errors 4\n",
        '# TYPE exits_total counter\nexits_total{code="7"} 4\n',
        '# TYPE posts_total counter\nposts_total{status="published"} 4\n',
        '# TYPE http_requests_total gauge\nhttp_requests_total{status="500"} 4\n',
        "# TYPE x_errors_created gauge\nx_errors_created 1.7e9\n",
    ],
)
def test_other_metrics_do_not(page: str) -> None:
    assert errors_counted(NONE, read(page)) == {}


def test_a_counter_that_is_no_number_is_left_out() -> None:
    assert errors_counted(NONE, read("a_errors_total NaN\nb_errors_total 2\n")) == {
        "b_errors_total": 2
    }
    negative = read("a_errors_total -1\nb_errors_total 2\n")
    assert errors_counted(NONE, negative) == {"b_errors_total": 2}
    assert errors_counted(negative, read("a_errors_total 3\n")) == {}
    infinite = read("a_errors_total +Inf\n")
    assert errors_counted(infinite, infinite) == {}
    assert math.isinf(next(iter(infinite.counters.values())))


def test_openmetrics_is_understood_as_well() -> None:
    page = '# TYPE http_requests counter\nhttp_requests_total{code="502"} 3\n# EOF\n'
    assert errors_counted(NONE, read(page)) == {'http_requests_total{code=~"5.."}': 3}


def test_pods_are_added_up_also_where_one_has_not_counted_yet() -> None:
    assert together([{"a": 1.0, "b": 2.0}, {"a": 3.0}]) == {"a": 4, "b": 2}
    assert together([]) == {}


@pytest.mark.parametrize(
    "text", ["<html><body>not here</body></html>\n", '{"status": "ok"}', "ok", 'a{b="c} 3\n', "\0"]
)
def test_another_format_is_told(text: str) -> None:
    with pytest.raises(
        ApiError, match=r"/stats of pod a-1 is not in Prometheus' text format"
    ) as it:
        read(text, "/stats of pod a-1")
    assert "set api.metrics" in it.value.sentence


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n"])
def test_a_page_without_metrics_is_told(text: str) -> None:
    with pytest.raises(ApiError, match=r"/metrics holds no counter and no gauge; set api\."):
        read(text)
