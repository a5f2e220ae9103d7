"""The registry's certificate, made by openssl and held against Python's own TLS."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

import pytest
from fakes.tls import serving

from pytest_canary.core.errors import ClusterError
from pytest_canary.core.processes import Processes
from pytest_canary.registry.certificate import Certificate, make_certificate
from pytest_canary.registry.client import Client, Login


@pytest.fixture(scope="module")
def made() -> Certificate:
    return make_certificate(Processes(), ["registry.svc"])


def test_it_is_trusted_at_this_machine_and_nowhere_else_without_it(made: Certificate) -> None:
    with serving(made, {"/v2/": (200, {})}) as port:
        assert Client(port, made.certificate).ping().status == 200
        other = make_certificate(Processes(), ["registry.svc"])
        assert "certificate verify failed" in Client(port, other.certificate).ping().failure


def test_it_is_that_of_the_name_that_nodes_have(made: Certificate) -> None:
    trusted = ssl.create_default_context(cadata=made.certificate)
    (known,) = trusted.get_ca_certs()
    assert known["subjectAltName"] == (("DNS", "registry.svc"), ("IP Address", "127.0.0.1"))


def test_its_key_is_not_shown(made: Certificate) -> None:
    assert "PRIVATE KEY" in made.key
    assert "PRIVATE KEY" not in repr(made)
    assert "enigma" not in repr(Login("ada", "enigma"))


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo no such option >&2; exit 1", "`openssl req` exited with code 1; install openssl"),
        (
            "echo -----BEGIN CERTIFICATE-----; echo x; echo -----END CERTIFICATE-----",
            "`openssl req` has written CERTIFICATE; see that `openssl version` is OpenSSL or "
            "LibreSSL",
        ),
    ],
)
def test_an_openssl_that_makes_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str
) -> None:
    program = tmp_path / "openssl"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(ClusterError) as failure:
        make_certificate(Processes(), ["registry.svc"])
    assert failure.value.sentence == (f"no certificate for the run's registry can be made: {told}")


def test_a_machine_without_openssl_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="No such file or directory: openssl; install openssl"):
        make_certificate(Processes(), ["registry.svc"])
