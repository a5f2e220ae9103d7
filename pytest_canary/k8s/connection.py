"""The way to one cluster's API server: a kubeconfig's, with deadlines, and errors as sentences."""

from __future__ import annotations

import datetime
import email.utils
import ipaddress
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import Redactor
from pytest_canary.k8s.objects import Object

if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import BaseHTTPResponse, PoolManager

Query = Mapping[str, str | int]

# Seconds to connect to the API server, and for each of its answers.
API_TIMEOUT = (10, 60)


class StatusError(Exception):
    """The API server has answered with an error.

    Attributes:
        status: HTTP's.
        message: the API server's own sentence, where it gave one; otherwise this error's text.
    """

    def __init__(self, status: int, reason: str, message: str = "") -> None:
        """Its text is the reason, as HTTP has it; of a watch's error, its message too."""
        super().__init__(reason or f"status {status}")
        self.status = status
        self.message = message or str(self)


class UnansweredError(ClusterError):
    """The API server did not answer, or not to the end."""


class Connection:
    """Calls an API server, reached through a kubeconfig file of the run's own.

    Args:
        kubeconfig: the file.
        context: which of its contexts; None for the current one.
        redactor: takes the secrets out of what the API server says.

    Attributes:
        configuration: kubernetes' own: what the kubeconfig says, and the proxy that is used.
        host: the API server's URL.
        redactor: as given.
    """

    def __init__(
        self, kubeconfig: Path, context: str | None = None, redactor: Redactor | None = None
    ) -> None:
        from kubernetes import client, config

        configuration = client.Configuration()
        # The environment's is for the environment's own proxy, about which see below.
        configuration.no_proxy = None
        config.load_kube_config(
            str(kubeconfig),
            context,
            configuration,
            persist_config=False,
            # Keys that a login program gives: beside the kubeconfig, they go with it.
            temp_file_path=str(kubeconfig.absolute().parent),
        )
        # The kubeconfig's own comes first; the environment's is for others than this machine.
        configuration.proxy = _proxy_of_kubeconfig(kubeconfig, context) or proxy_of_environment(
            configuration.host
        )
        self.configuration = configuration
        self.host: str = configuration.host
        self.redactor = redactor or Redactor()
        # Its connections alone are used. Its classes by kind (CoreV1Api …) take half a second to
        # import and 30 MB, and its models leave out fields that they don't know.
        self._pool: PoolManager = client.ApiClient(configuration).rest_client.pool_manager
        self._ahead: float | None = None

    def session(self) -> requests.Session:
        """Asks the API server as this does: the same proxy, proofs and rights."""
        import requests

        configuration = self.configuration
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", _adapter(configuration.tls_server_name))
        if configuration.proxy:
            session.proxies = {"http": configuration.proxy, "https": configuration.proxy}
        session.verify = configuration.verify_ssl and (configuration.ssl_ca_cert or True)
        if configuration.cert_file:
            key = configuration.key_file
            session.cert = (configuration.cert_file, key) if key else configuration.cert_file
        if token := self.authorization:
            session.headers["Authorization"] = token
        return session

    @property
    def authorization(self) -> str | None:
        """The header of that name that requests need; None where a certificate does."""
        configuration = self.configuration
        # Older versions of kubernetes have the other name. Asking may run a login program, so it is
        # asked for one of them alone.
        name = "BearerToken" if "BearerToken" in configuration.api_key else "authorization"
        token: str | None = configuration.get_api_key_with_prefix(name)
        return token

    def now(self) -> datetime.datetime:
        """What the API server's clock says, to the second; this machine's, before it was asked.

        The cluster's objects have its times, and this machine's clock may differ, or jump.
        """
        if self._ahead is None:
            return datetime.datetime.now(datetime.UTC)
        return datetime.datetime.fromtimestamp(time.monotonic() + self._ahead, datetime.UTC)

    def _learn_time(self, headers: Mapping[str, str]) -> None:
        """Learn the API server's clock from an answer."""
        said = email.utils.parsedate_tz(headers.get("Date", ""))
        if said:
            self._ahead = email.utils.mktime_tz(said) - time.monotonic()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Object | None = None,
        timeout: tuple[float, float] = API_TIMEOUT,
    ) -> BaseHTTPResponse:
        """Ask the API server, and return its answer as soon as the head of it is there.

        Whoever has it reads the rest, and closes it. The arguments are those of `request`.

        Raises:
            StatusError: it answers with an error.
            HTTPError: it does not answer, or its error breaks off; of urllib3.
        """
        answer = self.request(method, path, query=query, body=body, timeout=timeout)
        if not 200 <= answer.status <= 299:
            with answer:
                raise StatusError(answer.status, answer.reason or "", _message(answer))
        self._learn_time(answer.headers)
        return answer

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Object | None = None,
        timeout: tuple[float, float] = API_TIMEOUT,
    ) -> BaseHTTPResponse:
        """What the API server answers, an error too, as soon as the head of it is there.

        Args:
            method: HTTP's; what a PATCH has is merged.
            path: the API's, as `path_of` has it.
            query: what follows it, in the API's own words.
            body: an object.
            timeout: seconds to connect, and for each piece of the answer.

        Raises:
            HTTPError: it does not answer; of urllib3.
        """
        from urllib3 import Timeout

        headers = {"Accept": "application/json, */*", "User-Agent": "pytest-canary"}
        # Each time, as a token may have been renewed meanwhile.
        if token := self.authorization:
            headers["Authorization"] = token
        if body is not None:
            merged = "merge-patch+" if method == "PATCH" else ""
            headers["Content-Type"] = f"application/{merged}json"
        return self._pool.request(
            method,
            f"{self.host}{path}?{urlencode(query)}" if query else self.host + path,
            body=None if body is None else json.dumps(body),
            headers=headers,
            timeout=Timeout(connect=timeout[0], read=timeout[1]),
            preload_content=False,
        )

    def ask(
        self,
        what: str,
        namespace: str,
        path: str,
        *,
        method: str = "GET",
        query: Query | None = None,
        body: Object | None = None,
        gone_is_fine: bool = False,
        limit: int | None = None,
    ) -> bytes | None:
        """Ask the API server, and return its whole answer; one that breaks off has not come.

        Args:
            what: what this does, as an infinitive.
            namespace: for which namespace.
            path: as in `request`.
            method: as in `request`.
            query: as in `request`.
            body: as in `request`.
            gone_is_fine: whether it has done its work where the API server knows no such object.
            limit: the first bytes are enough.

        Returns:
            None where the object is gone.

        Raises:
            ClusterError: the API server refuses.
            UnansweredError: it does not answer.
        """
        from urllib3.exceptions import HTTPError

        try:
            with self.send(method, path, query=query, body=body) as answer:
                return answer.read(limit) if limit else answer.data
        except StatusError as error:
            if gone_is_fine and error.status == 404:
                return None
            said = self.mask(error.message)
            raise ClusterError(f"can't {what} in namespace {namespace}: {said}") from None
        except HTTPError as error:
            raise UnansweredError(
                f"can't {what}: {self.host} does not answer; see that the cluster runs, and that "
                "the context is the right one",
                self.mask(error),
            ) from None

    def items(self, what: str, namespace: str, path: str, **query: str | int) -> list[Object]:
        """What the API server lists.

        Args:
            what: as in `ask`, and so its errors.
            namespace: as in `ask`.
            path: as in `request`.
            query: what follows the path, each by its name.
        """
        body = self.ask(what, namespace, path, query=query)
        items: list[Object] = json.loads(body or b"{}")["items"]
        return items

    def mask(self, said: object) -> str:
        """What the API server has said, or what came in the place of it, without secrets."""
        return self.redactor.redact(str(said).strip())


def _message(answer: BaseHTTPResponse) -> str:
    """The API server's own sentence, where it gave one."""
    try:
        return str(json.loads(answer.data)["message"])
    except (TypeError, ValueError, KeyError):
        return ""


def _proxy_of_kubeconfig(kubeconfig: Path, context: str | None) -> str | None:
    """The proxy that a kubeconfig has for a context's cluster; kubernetes before 37 reads none."""
    from kubernetes.config.kube_config import KubeConfigMerger

    found = KubeConfigMerger(str(kubeconfig)).config
    used = found["contexts"].get_with_name(context or found["current-context"])
    cluster = found["clusters"].get_with_name(used["context"]["cluster"])
    proxy: str | None = cluster["cluster"].safe_get("proxy-url")
    return proxy


def proxy_of_environment(url: str) -> str | None:
    """The proxy that the environment has for a URL; none for this machine, whatever it says."""
    from requests.utils import get_environ_proxies, select_proxy

    host = urlsplit(url).hostname or ""
    if host == "localhost" or _is_loopback(host):
        return None
    found: str | None = select_proxy(url, get_environ_proxies(url))
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _adapter(server_name: str | None) -> HTTPAdapter:
    """Sends requests; with a server's name that is another than its address's, where given."""
    from requests.adapters import HTTPAdapter

    adapter = HTTPAdapter()
    if server_name:
        adapter.init_poolmanager(
            connections=10,
            maxsize=10,
            server_hostname=server_name,
            assert_hostname=server_name,
        )
    return adapter
