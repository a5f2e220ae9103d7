"""A command in a pod: what comes through the websocket of an exec, and how it ends."""

from __future__ import annotations

import json
import re
import shlex
import ssl
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote, urlencode, urlsplit

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.errors import CommandError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.output import LIMIT, Output
from pytest_canary.core.wording import cut
from pytest_canary.k8s.connection import API_TIMEOUT, Connection
from pytest_canary.k8s.paths import path_of

# What the API server may speak on the websocket: the same but for the closing of standard input.
PROTOCOLS = "v5.channel.k8s.io,v4.channel.k8s.io"

# The channels of an exec's websocket, after k8s.io/apimachinery's remotecommand.
STDOUT, STDERR, ERROR = 1, 2, 3

# Letters that are kept of the Status that ends an exec, and shown of its message.
STATUS, MESSAGE = 100_000, 1000

CODE = re.compile(r"-?[0-9]{1,9}", re.ASCII)

# Seconds of silence before a deadline after which a command counts as hanging.
SILENCE = 10.0


@dataclass(frozen=True)
class Exec:
    """What a command in a pod came to.

    Attributes:
        output: standard output and error together, secrets masked, for a person to read.
        stdout: standard output as it is, for a program to read.
        cut: whether the middle of `stdout` was not kept.
    """

    pod: str
    command: str
    code: int
    output: str
    stdout: str = field(repr=False)
    cut: bool = False


Ending = Literal["refused", "hangs", "endless", "lost"]


class ExecError(CommandError):
    """A command in a pod did not come to an end of its own.

    Attributes:
        ending: why: it could not be started, printed nothing for long or printed all the time
            until its deadline, or its pod was lost.
        why: the same, as a clause.
    """

    def __init__(self, ending: Ending, why: str, command: str, output: str = "") -> None:
        super().__init__(f"`{command}` {why}", output)
        self.ending: Ending = ending
        self.why = why


def command_line(pod: str, container: str, command: Sequence[str]) -> str:
    """The command as one would type it."""
    return f"kubectl exec {pod} -c {container} -- {shlex.join(command)}"


def open_exec(
    connection: Connection,
    namespace: str,
    pod: str,
    container: str,
    command: Sequence[str],
    timeout: float = API_TIMEOUT[0],
) -> Any:
    """Start a command in a pod, and return the websocket that tells of it.

    kubernetes' own `stream` gives its websocket no deadline but that of all websockets of the
    process, and one that connects for ever has none.

    Raises:
        ExecError: the API server refuses, or does not answer.
    """
    import websocket

    try:
        socket = websocket.WebSocket(sslopt=_tls(connection))
        authorization = connection.authorization
        header = [f"authorization: {authorization}"] if authorization else []
        socket.connect(  # type: ignore[no-untyped-call]
            _url(connection, namespace, pod, container, command),
            timeout=timeout,
            header=[*header, f"sec-websocket-protocol: {PROTOCOLS}"],
            **_proxy(connection),
        )
    except (OSError, websocket.WebSocketException) as error:
        typed = connection.mask(command_line(pod, container, command))
        why = f"can't be started: {connection.mask(error)}"
        # Not from it: it shows the answer's head and body as they came.
        raise ExecError("refused", why, typed) from None
    return socket


def _url(
    connection: Connection, namespace: str, pod: str, container: str, command: Sequence[str]
) -> str:
    query = [
        *(("command", word) for word in command),
        ("container", container),
        ("stderr", "true"),
        ("stdin", "false"),
        ("stdout", "true"),
        ("tty", "false"),
    ]
    # http becomes ws, and https wss.
    host = connection.host.replace("http", "ws", 1)
    path = path_of("Pod", pod, "exec", namespace=namespace)
    return f"{host}{path}?{urlencode(query)}"


def _tls(connection: Connection) -> dict[str, Any]:
    """How the API server and this client prove who they are, as in all other requests."""
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    configuration = connection.configuration
    options: dict[str, Any] = {"cert_reqs": ssl.CERT_NONE}
    if configuration.verify_ssl:
        authorities = configuration.ssl_ca_cert or DEFAULT_CA_BUNDLE_PATH
        options = {"cert_reqs": ssl.CERT_REQUIRED, "ca_certs": authorities}
        if configuration.assert_hostname is not None:
            options["check_hostname"] = configuration.assert_hostname
    for key, value in (
        ("certfile", configuration.cert_file),
        ("keyfile", configuration.key_file),
        ("server_hostname", configuration.tls_server_name),
    ):
        if value:
            options[key] = value
    return options


def _proxy(connection: Connection) -> dict[str, Any]:
    """The proxy of all other requests; none where they have none, whatever the environment says."""
    configuration = connection.configuration
    if not configuration.proxy:
        # Whom a proxy is not for is only asked where there is one.
        return {"http_proxy_host": "nobody", "http_no_proxy": ["*"]}
    proxy = urlsplit(configuration.proxy)
    options: dict[str, Any] = {
        "http_proxy_host": proxy.hostname,
        "http_proxy_port": proxy.port or {"https": 443}.get(proxy.scheme, 80),
        # For whom it is has been decided already; an empty list would be the environment's own.
        "http_no_proxy": ["no.such.host"],
        "proxy_type": proxy.scheme if proxy.scheme.startswith("socks") else "http",
    }
    if proxy.username:
        options["http_proxy_auth"] = (unquote(proxy.username), unquote(proxy.password or ""))
    return options


def follow(
    socket: Any,
    pod: str,
    container: str,
    command: Sequence[str],
    *,
    timeout: float,
    redactor: Redactor,
    keep: int = LIMIT,
    heard: Callable[[str], None] | None = None,
    disclosure: Disclosure | None = None,
) -> Exec:
    """Read an exec's websocket until the command ends, and close it.

    Args:
        socket: the open websocket.
        pod: where it runs.
        container: the pod's container.
        command: what runs.
        timeout: seconds after which it is given up.
        redactor: takes the secrets out of what a person is to read of it.
        keep: how much of its output is kept.
        heard: told its standard output, as it comes and as it is.
        disclosure: looks for secrets in what it prints.

    Raises:
        ExecError: it did not end of its own; with the output so far.
    """
    typed = redactor.redact(command_line(pod, container, command))
    end, stdout, both = "", Output(keep), Output(keep)
    masked = redactor.stream(both.take)
    watching = {each: disclosure.of_text() for each in (STDOUT, STDERR)} if disclosure else {}
    began = spoke = time.monotonic()
    try:
        for channel, text in _frames(socket, began + timeout):
            if channel == ERROR:
                end = (end + text)[:STATUS]
                continue
            spoke = time.monotonic()
            masked.write(text)
            if watching:
                watching[channel](text)
            if channel == STDOUT:
                stdout.take(text)
                if heard:
                    heard(text)
    except TimeoutError:
        masked.close()
        ending, why = ending_at_deadline(timeout, time.monotonic() - spoke, both)
        raise ExecError(ending, why, typed, both.text) from None
    finally:
        # Without a word: after the server's own close frame there is nobody to say goodbye to.
        socket.shutdown()
    masked.close()
    output = both.text.strip()
    if not end:
        raise ExecError("lost", "lost its pod before it ended; see why it went", typed, output)
    status = _status(end)
    code = exit_code(status)
    if code is None:
        message = cut(redactor.redact(str(status.get("message", end))), MESSAGE)
        raise ExecError("refused", f"could not run: {message}", typed, output)
    return Exec(pod, shlex.join(command), code, output, stdout.text, stdout.cut)


def _status(text: str) -> dict[str, Any]:
    """The Status that ends an exec; empty where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _frames(socket: Any, deadline: float) -> Iterator[tuple[int, str]]:
    """What comes through an exec's websocket: channel and text, until the other side closes it.

    The `update` of kubernetes' own client would not return before an output has a pause, and some
    never have.

    Raises:
        TimeoutError: the deadline (`time.monotonic`) passed.
    """
    import websocket

    decoders = {each: getincrementaldecoder("utf-8")("replace") for each in (STDOUT, STDERR, ERROR)}
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        socket.settimeout(left)
        try:
            kind, frame = socket.recv_data_frame(True)
        except websocket.WebSocketTimeoutException:
            continue
        except (websocket.WebSocketException, OSError):
            return
        if kind == websocket.ABNF.OPCODE_CLOSE:
            return
        if kind in (websocket.ABNF.OPCODE_BINARY, websocket.ABNF.OPCODE_TEXT):
            channel, data = frame.data[:1], frame.data[1:]
            if data and channel[0] in decoders:
                yield channel[0], decoders[channel[0]].decode(data)


def ending_at_deadline(timeout: float, silent: float, output: Output) -> tuple[Ending, str]:
    """How a command stood at its deadline: which kind of ending that is, and in words.

    Args:
        timeout: the deadline, in seconds.
        silent: seconds for which it had printed nothing.
        output: what it had printed.
    """
    if not output.last:
        return "hangs", f"was given up at its deadline of {timeout:g} s: it has printed nothing"
    if silent < min(SILENCE, timeout / 4):
        lines = f"{output.lines:,} line{'' if output.lines == 1 else 's'}"
        said = f"was still printing at its deadline of {timeout:g} s: {lines}, the last: "
        return "endless", said + output.last
    said = f"was given up at its deadline of {timeout:g} s: it has printed nothing for {silent:.0f}"
    return "hangs", f"{said} s, the last: {output.last}"


def exit_code(status: Mapping[str, Any]) -> int | None:
    """The exit code in the Status that ends an exec; None where the command never ran."""
    if status.get("status") == "Success":
        return 0
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    for cause in causes if isinstance(causes, list) else []:
        if isinstance(cause, dict) and cause.get("reason") == "ExitCode":
            code = str(cause.get("message"))
            return int(code) if CODE.fullmatch(code) else None
    return None
