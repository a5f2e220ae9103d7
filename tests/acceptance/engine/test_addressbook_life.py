"""How the addressbook lives without its database, under SIGTERM, and with few rights."""

import http.client
import json
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from acceptance.engine.addressbook_containers import PASSWORD, Bench, locked, wait_until
from fakes.folders import ROOT


def test_without_a_schema_the_app_is_ready_and_says_what_is_missing(
    bench: Bench, database: str
) -> None:
    with bench.app(2, database) as app:
        assert app("GET", "/ready").status_code == 200
        for answer in (app.put("a", "b"), app("GET", "/all")):
            assert answer.status_code == 503
            assert "run: python -m addressbook migrate" in answer.json()["error"]


def test_without_its_database_the_app_lives_and_is_not_ready_until_it_is_back(
    bench: Bench, database: str
) -> None:
    bench.run(2, database, "migrate")
    with bench.app(2, database) as app:
        bench.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false", "postgres")
        bench.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
            "postgres",
        )
        for answer in (app("GET", "/ready"), app("GET", "/all"), app.put("a", "b")):
            assert answer.status_code == 503
            sentence = "The database does not answer; try again in a moment."
            assert answer.json() == {"error": sentence}
        assert app("GET", "/live").status_code == 200
        bench.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true", "postgres")
        assert app("GET", "/ready").status_code == 200
        assert app.put("a", "b").status_code == 200
        log = app.container.logs().decode()
        assert "Traceback" not in log
        assert PASSWORD not in log


def test_a_restarted_database_costs_no_request(bench: Bench, database: str) -> None:
    bench.run(2, database, "migrate")
    with bench.app(2, database) as app:
        app("GET", "/all")
        bench.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
            "postgres",
        )
        assert app("GET", "/all").status_code == 200


def test_a_database_that_hangs_is_reported_and_the_app_recovers(
    bench: Bench, database: str
) -> None:
    bench.run(2, database, "migrate")
    with bench.app(2, database) as app:
        app("GET", "/ready")
        bench.postgres.pause()
        try:
            answer = app("GET", "/ready")
            assert answer.status_code == 503
            assert answer.json() == {
                "error": "The database does not answer; try again in a moment."
            }
            # By its own limit, and not because the driver has given up, which takes longer.
            told = "GET /ready: no answer from the database: no answer within 2 s"
            wait_until(lambda: told in app.container.logs().decode(), "it says so", app.container)
            assert app("GET", "/live").status_code == 200
        finally:
            bench.postgres.unpause()
        wait_until(lambda: app.answers("/ready"), "the app is ready again", app.container)


def test_sigterm_under_load_loses_no_request(bench: Bench, database: str) -> None:
    bench.run(2, database, "migrate")
    outcomes: list[str] = []
    draining = threading.Event()
    # Well beyond what is asked of it then, be the machine as slow as it likes.
    with bench.app(2, database, SHUTDOWN_DELAY="10") as app, ThreadPoolExecutor(8) as pool:
        stop_at = [float("inf")]

        def load(worker: int) -> None:
            while time.monotonic() < stop_at[0]:
                during = draining.is_set()
                try:
                    answer = app.put("Load", str(worker)) if worker % 2 else app("GET", "/live")
                    outcomes.append(f"{answer.status_code} {'after' if during else 'before'}")
                except requests.RequestException as error:
                    outcomes.append(repr(error))

        workers = [pool.submit(load, worker) for worker in range(8)]
        time.sleep(1)
        app.container.kill("SIGTERM")
        draining.set()
        stop_at[0] = time.monotonic() + 2.5
        for worker in workers:
            worker.result()
        ended = app.container.wait(timeout=60)
        log = app.container.logs().decode()
    assert set(outcomes) == {"200 before", "200 after"}
    assert outcomes.count("200 after") > 50
    assert ended["StatusCode"] == 0
    assert "Traceback" not in log


def test_a_kept_connection_is_told_to_close_while_the_app_drains(
    bench: Bench, database: str
) -> None:
    with bench.app(2, database, SHUTDOWN_DELAY="10") as app:
        connection = http.client.HTTPConnection(app.address, timeout=5)
        connection.request("GET", "/live")
        first = connection.getresponse()
        first.read()
        assert first.getheader("Connection") is None
        app.container.kill("SIGTERM")
        time.sleep(0.5)
        connection.request("GET", "/live")
        second = connection.getresponse()
        assert (second.status, second.getheader("Connection")) == (200, "close")
        connection.close()


def test_a_request_in_flight_is_finished_before_the_app_ends(bench: Bench, database: str) -> None:
    bench.run(2, database, "migrate")
    with bench.app(2, database) as app, ThreadPoolExecutor(1) as pool:
        with locked(bench, database, "SHARE"):
            waiting = pool.submit(app.put, "In", "flight")
            time.sleep(1)
            app.container.kill("SIGTERM")
            time.sleep(0.5)
            assert not waiting.done()
        assert waiting.result().status_code == 200
        assert app.container.wait(timeout=10)["StatusCode"] == 0
    assert bench.sql("SELECT count(*) FROM person", database) == "1"


CLEANED_UP = """
import os, signal, weakref
from addressbook.__main__ import stop_before_start

class Held:
    pass

signal.signal(signal.SIGTERM, stop_before_start)
held = Held()
watching = weakref.ref(held, lambda _: [os.kill(os.getpid(), signal.SIGTERM), *range(1000)])
del held
print("it goes on")
"""


def test_sigterm_while_something_is_cleaned_up_is_not_lost() -> None:
    """Python ignores an exception that is raised then, and each import cleans up."""
    done = subprocess.run(
        [sys.executable, "-c", CLEANED_UP], cwd=ROOT / "app", capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_sigterm_while_the_app_starts_ends_it_at_once(bench: Bench, database: str) -> None:
    def handles_sigterm() -> bool:
        """Whether process 1 has a handler; the kernel spares it the signal until then."""
        processes = container.top(ps_args="-eo pid,caught")["Processes"]
        return any(int(caught, 16) & 1 << 14 for _, caught in processes)

    def has_ended() -> bool:
        container.reload()
        return bool(container.status == "exited")

    with bench.container(2, database, environment={"SHUTDOWN_DELAY": "0"}) as container:
        wait_until(handles_sigterm, "SIGTERM is handled", container)
        container.kill("SIGTERM")
        wait_until(has_ended, "the app ends", container)
        assert container.attrs["State"]["ExitCode"] == 0
        log = container.logs().decode()
        # What serves already hears of it as one that serves; what does not yet never begins to.
        assert ("Uvicorn running" in log) == ("SIGTERM: serving for another 0 s" in log)


def test_the_app_runs_without_root_rights_capabilities_or_a_file_to_write(
    bench: Bench, database: str
) -> None:
    with bench.app(2, database) as app:
        user = bench.images[2].attrs["Config"]["User"]
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)  # Kubernetes can't judge a name
        status = app.container.exec_run("cat /proc/1/status").output.decode()
        assert re.search(r"^Uid:\s+10001\s+10001", status, re.MULTILINE)
        assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
        command = app.container.exec_run("cat /proc/1/cmdline").output.decode().split("\0")
        assert command[:-1] == ["python", "-m", "addressbook", "serve"]
        writable = "find / -xdev -writable -not -type l -not -path '/proc/*' -not -path '/dev/*'"
        assert app.container.exec_run(["sh", "-c", f"{writable} 2>/dev/null"]).output == b""


def test_the_environment_is_asked_once_and_the_log_names_no_password(
    bench: Bench, database: str
) -> None:
    with bench.app(2, database) as app:
        log = app.container.logs().decode()
    assert f"addressbook release 2, database {database} at db:5432" in log
    assert PASSWORD not in log
    assert json.dumps(PASSWORD) not in log
