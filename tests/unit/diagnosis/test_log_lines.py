"""The line of a log that tells why a process ended."""

import pytest

from pytest_canary.diagnosis.log_lines import quote_line, telling_line

PYTHON = """\
INFO starting
Traceback (most recent call last):
  File "/srv/app.py", line 3, in <module>
    start()
  File "/srv/app.py", line 2, in start
    os.environ["SESSION_SALT"]
KeyError: 'SESSION_SALT'
"""
CHAINED = """\
Traceback (most recent call last):
  File "/srv/db.py", line 9, in connect
psycopg.OperationalError: connection failed

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/app.py", line 2, in <module>
shop.errors.NoDatabase: db does not answer
(Background on this error at: https://sqlalche.me/e/20/e3q8)
"""
UVICORN = """\
INFO:     Waiting for application startup.
ERROR:    Traceback (most recent call last):
  File "/srv/app.py", line 2, in lifespan
RuntimeError: config key SESSION_SALT is missing

ERROR:    Application startup failed. Exiting.
"""
JAVA = """\
Exception in thread "main" java.lang.IllegalStateException: can't start
\tat shop.Main.main(Main.java:7)
Caused by: java.net.UnknownHostException: db
\tat java.base/java.net.InetAddress.getAllByName(InetAddress.java:1300)
\t... 3 more
"""
GO = """\
listening on :3000
panic: config key SESSION_SALT is missing

goroutine 1 [running]:
main.main()
\t/src/main.go:7 +0x1d
exit status 2
"""
NODE = """\
node:internal/modules/cjs/loader:1080
  throw err;
  ^

Error: Cannot find module '/srv/server.js'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1077:15) {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v18.19.0
"""
NODE_CODE = "Error [ERR_INVALID_ARG_TYPE]: path must be a string\n    at f (a.js:1:1)\n"
RUST = """\
thread 'main' panicked at src/main.rs:4:5:
no SESSION_SALT
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
"""
RUBY = """\
/srv/app.rb:3:in `fetch': key not found: "SESSION_SALT" (KeyError)
\tfrom /srv/app.rb:3:in `<main>'
"""
DOTNET = """\
Unhandled exception. System.IO.FileNotFoundException: appsettings.json
   at Shop.Program.Main(String[] args)
"""
NPM = """\
> notes@1.0.0 start
sh: 1: node: not found
npm ERR! code ELIFECYCLE
npm ERR! errno 127
"""
JSON = """\
{"level":"info","msg":"starting"}
{"level":"fatal","msg":"no database","error":"dial tcp: lookup db: no such host"}
{"level":"info","msg":"bye"}
"""


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (PYTHON, "KeyError: 'SESSION_SALT'"),
        (CHAINED, "shop.errors.NoDatabase: db does not answer"),
        (UVICORN, "RuntimeError: config key SESSION_SALT is missing"),
        (JAVA, "Caused by: java.net.UnknownHostException: db"),
        (GO, "panic: config key SESSION_SALT is missing"),
        (NODE, "Error: Cannot find module '/srv/server.js'"),
        (NODE_CODE, "Error [ERR_INVALID_ARG_TYPE]: path must be a string"),
        (RUST, "no SESSION_SALT"),
        (RUBY, '/srv/app.rb:3:in `fetch\': key not found: "SESSION_SALT" (KeyError)'),
        (DOTNET, "Unhandled exception. System.IO.FileNotFoundException: appsettings.json"),
        (NPM, "sh: 1: node: not found"),
        (JSON, "no database: dial tcp: lookup db: no such host"),
        ('{"level":60,"msg":"no port"}\nbye', "no port"),
        ('{"level":"error"}\n{not json\n["a"]\nlast', "last"),
        ("starting\nFATAL:  database is locked\nshutting down\n", "FATAL:  database is locked"),
        ("2026-01-01T00:00:00Z panic: x\nbye", "2026-01-01T00:00:00Z panic: x"),
        ("could not open /data\nbye", "could not open /data"),
        ("one\ntwo\n\n", "two"),
        ("\x1b[31mError: red\x1b[0m\n", "Error: red"),
        ("    at Main.main\n", "at Main.main"),
        ("thread 'main' panicked at 'no salt', src/main.rs:4:5", None),
        ("thread 'main' panicked at src/main.rs:4:5:", None),
        ("", ""),
        ("\n \n", ""),
    ],
)
def test_the_line_that_says_why_is_found(log: str, line: str | None) -> None:
    assert telling_line(log) == (log if line is None else line)


def test_a_long_line_is_cut() -> None:
    assert telling_line("x" * 300) == "x" * 199 + "…"
    assert telling_line("x" * 200) == "x" * 200


def test_a_log_with_nothing_in_it_adds_nothing_to_a_sentence() -> None:
    assert quote_line("") == ""
    assert quote_line("panic: no") == ': "panic: no"'
