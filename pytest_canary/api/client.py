"""The app's HTTP API, as its client sees it: through the Service, or one pod at a time."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_canary.api.answers import Answer, complaint
from pytest_canary.api.writes import Row, Writes, new_unique
from pytest_canary.config.api_settings import ApiSettings, Request
from pytest_canary.core.errors import ApiError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.wording import size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import requests
    import tenacity

    from pytest_canary.core.waiting import Waiter


@dataclass(frozen=True)
class Credentials:
    """What a request has to bring along.

    Attributes:
        headers: that say who asks.
        verify: the file of the authority that vouches for the server, or whether any must.
        proxy: the URL of the one on the way.
        server: the name that the server has to prove; None for the URL's.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    verify: bool | str | None = True
    proxy: str | None = None
    server: str | None = None


class Api:
    """Sends the requests that the settings describe.

    Each opens a connection of its own, as a Service balances connections, not requests.

    The plugin's own: `settings`, `writes`, `credentials`, `redactor`, `error`,
    `wait_until_reachable`.

    Args:
        base_url: the Service's, or one pod's, without a path.
        settings: tell the requests, what is promised, and the headers.
        timeout: seconds for one request.
        session: for a way that needs credentials; None for a new connection each time.
        where: what answers there, as errors call it.
        writes: the journal that `write` enters its rows in; None for one of its own.
        redactor: takes the secrets out of what is told of answers, which stay as they are.
    """

    def __init__(
        self,
        base_url: str,
        settings: ApiSettings,
        timeout: float,
        session: requests.Session | None = None,
        where: str = "the Service",
        writes: Writes | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self.where = where
        self.base_url = base_url
        self.settings = settings
        self.timeout = timeout
        self.writes = Writes() if writes is None else writes
        self.redactor = redactor or Redactor()
        self._session = session

    def at(self, base_url: str, session: requests.Session | None, where: str) -> Api:
        """The same API, reached another way; with the same journal."""
        return type(self)(
            base_url, self.settings, self.timeout, session, where, self.writes, self.redactor
        )

    def error(self, sentence: str, evidence: str = "") -> ApiError:
        """The error that tells what is wrong with an answer, without the secrets in it."""
        redact = self.redactor.redact
        return ApiError(redact(sentence), redact(evidence))

    @property
    def is_direct(self) -> bool:
        """Whether each request has a connection of its own, so that several may be on their way."""
        return self._session is None

    @property
    def credentials(self) -> Credentials:
        """What a request has to bring along there."""
        if self._session is None:
            return Credentials()
        from pytest_canary.api.transport import expected_server

        kept = self._session.headers.get("Authorization")
        headers = {"Authorization": str(kept)} if kept else {}
        scheme = urlsplit(self.base_url).scheme
        return Credentials(
            headers,
            self._session.verify,
            self._session.proxies.get(scheme),
            expected_server(self._session.get_adapter(self.base_url)),
        )

    def send(self, request: Request, unique: str = "") -> Answer:
        """Send one request.

        Raises:
            ApiError: no answer came.
        """
        return next(self.answers(request, unique))

    def answers(self, request: Request, unique: str = "", times: int = 1) -> Iterator[Answer]:
        """Send one request so many times, each over a new connection; yields answers as they come.

        Raises:
            ApiError: no answer came; none comes after it.
        """
        from pytest_canary.api.transport import LIMIT, Exchange, NoAnswerError, TooLongError

        path = request.path.replace("{unique}", unique)
        session = session_of_one() if self._session is None else self._session
        exchange = Exchange(
            session,
            request.method,
            self.base_url + path,
            data=_fill(request.form, unique),
            json=_fill(request.json_, unique),
            headers=request.headers,
        )
        for _ in range(times):
            began = time.perf_counter()
            try:
                received = exchange.send(self.timeout)
            except TooLongError as error:
                raise self.error(
                    f"{request.method} {path} of {self.where} answers with more than "
                    f"{size(LIMIT)}; let it ask for less: for one page, or for the newest"
                ) from error
            except NoAnswerError as error:
                # What it was raised for may have the answer's own words, as it has itself.
                raise self.error(
                    f"{request.method} {path} got no answer from {self.where} at {self.base_url}: "
                    f"{error}"
                ) from None
            finally:
                # The next one has another connection, though a server keeps this one open.
                if self.is_direct:
                    session.close()
            seconds = time.perf_counter() - began
            yield Answer(
                request.method, path, received.status, received.headers, received.text, seconds
            )

    def expect(self, request: Request, unique: str = "") -> Answer:
        """Send one request and return its answer.

        Raises:
            ApiError: it is not as promised.
        """
        return self.expected(request, self.send(request, unique), unique)

    def expected(self, request: Request, answer: Answer, unique: str = "") -> Answer:
        """The answer, where it is as promised.

        Raises:
            ApiError: it isn't.
        """
        wrong = complaint(request, answer, unique)
        if wrong:
            raise self.error(f"{answer.method} {answer.path} of {self.where} {wrong}", answer.shown)
        return answer

    def write(self) -> Row:
        """Write a row that can be told from every other, enter it in the journal, and return it.

        Raises:
            ApiError: it is not acknowledged. It may be there all the same, and is entered as such.
        """
        unique = new_unique()
        try:
            row = Row(unique, self.redactor.redact(self.acknowledgement(unique)))
        except ApiError:
            request = self.settings.write
            path = request.path.replace("{unique}", unique)
            shown = f"{request.method} {path} of {unique}, not acknowledged by {self.where},"
            self.writes.doubt(Row(unique, shown))
            raise
        self.writes.acknowledge(row)
        return row

    def acknowledgement(self, unique: str) -> str:
        """Write a row with this text, and return what was acknowledged, in words.

        Raises:
            ApiError: it is not.
        """
        return self.expect(self.settings.write, unique).shown

    def read(self) -> str:
        """Read everything, and return the answer's body.

        Raises:
            ApiError: it is not as promised.
        """
        return self.expect(self.settings.read).text

    def version(self) -> str:
        """The version that answers, as its header tells.

        Raises:
            ApiError: no header is set, or the answer has none.
        """
        return self.version_of(self.send(self.settings.read))

    def version_told(self) -> str | None:
        """The version that answers; None where the answer does not tell it.

        Raises:
            ApiError: there is no answer.
        """
        return self._version_in(self.send(self.settings.read))

    def _version_in(self, answer: Answer) -> str | None:
        header = self.settings.version_header
        return (answer.headers.get(header) or None) if header else None

    def version_of(self, answer: Answer) -> str:
        """The version that gave this answer."""
        header = self.settings.version_header
        if header is None:
            raise self.error("no version can be told, as no api.version-header is set")
        value = self._version_in(answer)
        if value is None:
            raise self.error(
                f"{answer.method} {answer.path} of {self.where} answers without the header "
                f"{header}, which "
                "api.version-header names; let the app send its version in it"
            )
        return value

    def wait_until_reachable(self, waiter: Waiter, timeout: float) -> None:
        """Return when the Service answers at all; kube-proxy learns of new pods a moment later.

        Raises:
            ApiError: it never did; with the last answer.
        """
        import tenacity

        def tell(state: tenacity.RetryCallState) -> None:
            last = state.outcome.exception() if state.outcome else None
            waiter.listener("the Service to answer", str(last or "nothing yet"))

        # A read is safe to send again; a write is not, and never is.
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ApiError),
            stop=tenacity.stop_after_delay(timeout),
            wait=tenacity.wait_fixed(0.05),
            sleep=waiter.clock.sleep,
            before_sleep=tell,
            reraise=True,
        )
        try:
            with waiter.measure("wait", "the Service to answer"):
                # What it must have, it may have with the first rows.
                any_rows = self.settings.read.model_copy(update={"contains": None})
                retrying(self.expect, any_rows)
        except ApiError as error:
            raise self.error(
                f"the Service did not answer within {timeout:g} s; last seen: {error.sentence}",
                error.evidence,
            ) from error


def session_of_one() -> requests.Session:
    """A session for one request, or for more where it is closed after each.

    It ignores the environment's proxies, as the way is loopback.
    """
    import requests

    session = requests.Session()
    session.trust_env = False
    session.headers["Connection"] = "close"
    return session


def _fill(value: Any, unique: str) -> Any:
    if value is None:
        return None
    return json.loads(json.dumps(value).replace("{unique}", unique))
