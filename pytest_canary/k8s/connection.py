"""The way to one cluster's API server: a kubeconfig's, with deadlines, and errors as sentences."""

from __future__ import annotations

import datetime
import email.utils
import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import Redactor
from pytest_canary.k8s.objects import Object

if TYPE_CHECKING:
    import requests
    from kubernetes.client import ApiClient
    from requests.adapters import HTTPAdapter

Result = TypeVar("Result")

# Seconds to connect to the API server, and for each of its answers.
API_TIMEOUT = (10, 60)


class Connection:
    """Calls an API server, reached through a kubeconfig file of the run's own.

    Args:
        kubeconfig: the file.
        context: which of its contexts; None for the current one.
        redactor: takes the secrets out of what the API server says.
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
        self.client: ApiClient = client.ApiClient(configuration)
        self.kubeconfig = kubeconfig
        self.redactor = redactor or Redactor()
        self._ahead: float | None = None

    def session(self) -> requests.Session:
        """Asks the API server as the client itself does: the same proxy, proofs and rights."""
        import requests

        configuration = self.client.configuration
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", _adapter(configuration.tls_server_name))
        if configuration.proxy:
            session.proxies = {"http": configuration.proxy, "https": configuration.proxy}
        session.verify = configuration.verify_ssl and (configuration.ssl_ca_cert or True)
        if configuration.cert_file:
            session.cert = (configuration.cert_file, configuration.key_file)
        if self.authorization:
            session.headers["Authorization"] = self.authorization
        return session

    @property
    def authorization(self) -> str | None:
        """The header of that name that requests need; None where a certificate does."""
        configuration = self.client.configuration
        token: str | None = configuration.get_api_key_with_prefix("authorization") or (
            configuration.get_api_key_with_prefix("BearerToken")
        )
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

    def call(
        self,
        what: str,
        namespace: str,
        method: Any,
        *args: Any,
        gone_is_fine: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call a method of the client's.

        Args:
            what: what it does, as an infinitive.
            namespace: for which namespace.
            method: the client's method.
            args: its arguments.
            gone_is_fine: whether it has done its work where the API server knows no such object.
            kwargs: its keyword arguments.

        Returns:
            What the method does; None where the object is gone.

        Raises:
            ClusterError: the API server refuses, or does not answer.
        """
        return self._answer(
            what,
            namespace,
            lambda: method(*args, _request_timeout=API_TIMEOUT, **kwargs),
            gone_is_fine,
        )

    def read(
        self,
        what: str,
        namespace: str,
        method: Any,
        *args: Any,
        gone_is_fine: bool = False,
        limit: int | None = None,
        **kwargs: Any,
    ) -> bytes | None:
        """What a method of the client's brings, as it is; its first bytes, where a limit says so.

        The other arguments and errors are `call`'s own. One that breaks off has not come.
        """

        def read() -> bytes:
            # The client doesn't read it, and so leaves to us what happens in its midst.
            response = method(*args, _request_timeout=API_TIMEOUT, _preload_content=False, **kwargs)
            try:
                body: bytes = response.read(limit) if limit else response.data
            finally:
                response.close()
            self._learn_time(response.headers)
            return body

        return self._answer(what, namespace, read, gone_is_fine)

    def _answer(
        self, what: str, namespace: str, ask: Callable[[], Result], gone_is_fine: bool
    ) -> Result | None:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return ask()
        except ApiException as error:
            if gone_is_fine and error.status == 404:
                return None
            # Not from it: it shows the answer's body as it came.
            raise self._refusal(what, namespace, _message(error)) from None
        except HTTPError as error:
            raise self._silence(what, error) from HTTPError(self.mask(error))

    def _refusal(self, what: str, namespace: str, why: str) -> ClusterError:
        return ClusterError(f"can't {what} in namespace {namespace}: {self.mask(why)}")

    def _silence(self, what: str, error: Exception) -> ClusterError:
        return ClusterError(
            f"can't {what}: {self.client.configuration.host} does not answer; see that the cluster "
            "runs, and that the context is the right one",
            self.mask(error),
        )

    def mask(self, said: object) -> str:
        """What the API server has said, or what came in the place of it, without secrets."""
        return self.redactor.redact(str(said).strip())

    def create(self, what: str, namespace: str, path: str, body: Mapping[str, Any]) -> None:
        """Create an object as it is; the client's own models leave out fields that are new to them.

        Args:
            what: what this does, as an infinitive.
            namespace: for which namespace.
            path: the API's.
            body: the object.

        Raises:
            ClusterError: the API server refuses, or does not answer.
        """
        import requests

        host = self.client.configuration.host
        try:
            with self.session() as session:
                answer = session.post(f"{host}{path}", json=body, timeout=API_TIMEOUT)
        except requests.RequestException as error:
            raise self._silence(what, error) from None
        if not answer.ok:
            try:
                why = str(answer.json()["message"])
            except (TypeError, ValueError, KeyError):
                why = answer.reason
            raise self._refusal(what, namespace, why)

    def items(
        self, what: str, namespace: str, lister: Any, *args: str, **selector: Any
    ) -> list[Object]:
        """What a method of the client's lists; its arguments and errors are `call`'s own."""
        body = self.read(what, namespace, lister, *args, **selector)
        items: list[Object] = json.loads(body or b"{}")["items"]
        return items


def _message(error: Any) -> str:
    """The API server's own sentence, where it gave one."""
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason or error).strip()


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
