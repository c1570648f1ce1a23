"""Proxies, authorities and our own certificate, through the binary: a shell command
asks Azure Resource Manager at a name that only the proxy knows."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    serialize_key_and_certificates,
)
from cryptography.x509 import load_pem_x509_certificate

from company_network import Network, Proxy, Server
from harness import PATIENCE, PROGRAM

TOKEN = "a-token-that-nobody-may-see"
BASIC = "Basic " + base64.b64encode(b"me:pa@ss").decode()


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    network = Network(tmp_path)
    yield network
    network.close()


def run(
    network: Network, config: str = "", arm: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """`compute list`, with a home of its own and these variables alone."""
    home = network.folder / "home"
    file = home / ".config/synapse-kernel/config.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    arm = arm or "https://arm.example.com"
    file.write_text(f"token: {{env: MY_TOKEN}}\nendpoints: {{arm: '{arm}'}}\n{config}")
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "MY_TOKEN": TOKEN,
        "SYNAPSE_KERNEL_LOG": "http:debug",
        **variables,
    }
    line = ["compute", "list", "-s", "S", "-g", "R", "-w", "W"]
    done = subprocess.run(
        [str(PROGRAM), *line],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert TOKEN not in done.stdout + done.stderr
    return done


def proxy_of(network: Network, login: str = "") -> str:
    return f"http://{login}127.0.0.1:{network.proxy.port}"


def works(done: subprocess.CompletedProcess[str], network: Network) -> None:
    assert done.returncode == 0, done.stderr
    assert network.service.seen[-1][1]["Authorization"] == f"Bearer {TOKEN}"
    assert network.proxy.seen[-1] == "arm.example.com:443"


def fails(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1, done.stdout
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_variables_name_the_proxy_and_the_authority(network: Network, name: str):
    variables = {name: proxy_of(network), "SSL_CERT_FILE": str(network.ca_file)}
    works(run(network, **variables), network)


def test_the_configuration_names_them(network: Network):
    config = f"proxy: {proxy_of(network)}\nca_file: {network.ca_file}\n"
    works(run(network, config), network)


def test_its_authority_counts_beside_others(network: Network, tmp_path: Path):
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    config = f"ca_file: {network.ca_file}\n"
    variables = {"HTTPS_PROXY": proxy_of(network), "REQUESTS_CA_BUNDLE": str(other)}
    works(run(network, config, **variables), network)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_is_in_place_of_others(network: Network, tmp_path: Path, name: str):
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    variables = {"HTTPS_PROXY": proxy_of(network), name: str(network.ca_file)}
    works(run(network, **variables), network)
    variables |= {name: str(other), "SSL_CERT_FILE": str(network.ca_file)}
    fails(run(network, **variables), "authority is not known")


@pytest.mark.parametrize("name", ["SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_a_folder_of_authorities(network: Network, tmp_path: Path, name: str):
    folder = tmp_path / "certificates"
    folder.mkdir()
    hash_line = ["openssl", "x509", "-noout", "-hash", "-in", str(network.ca_file)]
    hash_text = subprocess.check_output(hash_line, text=True).strip()
    (folder / f"{hash_text}.0").symlink_to(network.ca_file)
    variables = {"HTTPS_PROXY": proxy_of(network), name: str(folder)}
    works(run(network, **variables), network)


def test_an_unknown_authority_is_told_with_the_remedy(network: Network):
    done = run(network, HTTPS_PROXY=proxy_of(network))
    fails(done, "arm.example.com", "ca_file", "SSL_CERT_FILE", "inspect")
    assert network.service.seen == []


def test_a_file_that_is_not_there_is_named(network: Network):
    done = run(network, HTTPS_PROXY=proxy_of(network), SSL_CERT_FILE="/not/there.pem")
    fails(done, "SSL_CERT_FILE", "/not/there.pem")


def test_a_proxy_with_a_login(network: Network):
    network.proxy.wanted_login = BASIC
    variables = {"SSL_CERT_FILE": str(network.ca_file)}
    done = run(network, HTTPS_PROXY=proxy_of(network), **variables)
    fails(done, "407", "wants a login", "HTTPS_PROXY", "user:password@")
    variables["HTTPS_PROXY"] = proxy_of(network, "me:pa%40ss@")
    works(run(network, **variables), network)
    variables["HTTPS_PROXY"] = proxy_of(network, "me:geheim@")
    done = run(network, **variables)
    fails(done, "refused the login", "HTTPS_PROXY")
    assert "geheim" not in done.stderr


def test_a_proxy_that_says_no(network: Network):
    network.proxy.refusal = 403
    done = run(network, HTTPS_PROXY=proxy_of(network))
    fails(done, "does not let us through to arm.example.com", "403", "HTTPS_PROXY")


def test_a_proxy_that_is_asked_by_tls(network: Network):
    proxy = Server(Proxy, network.context("localhost"))
    proxy.port_behind = network.service.port
    config = f"proxy: https://localhost:{proxy.port}\n"
    done = run(network, config, SSL_CERT_FILE=str(network.ca_file))
    assert done.returncode == 0, done.stderr
    assert proxy.seen == ["arm.example.com:443"]
    proxy.shutdown()
    proxy.server_close()


def test_the_configurations_no_proxy_is_in_place_of_the_variable(network: Network):
    config = "no_proxy: .other.example\n"
    variables = {"NO_PROXY": "*", "SSL_CERT_FILE": str(network.ca_file)}
    works(run(network, config, HTTPS_PROXY=proxy_of(network), **variables), network)


def test_this_machine_is_asked_directly(network: Network):
    arm = f"https://127.0.0.1:{network.service.port}"
    variables = {"SSL_CERT_FILE": str(network.ca_file)}
    done = run(network, arm=arm, HTTPS_PROXY=proxy_of(network), **variables)
    assert done.returncode == 0, done.stderr
    assert network.proxy.seen == []


def test_plain_http_is_refused(network: Network):
    done = run(network, arm="http://arm.example.com", HTTP_PROXY=proxy_of(network))
    fails(done, "arm.example.com", "http")
    assert network.proxy.seen == [] and network.service.seen == []


def test_a_redirect_is_not_followed(network: Network):
    away = f"https://localhost:{network.service.port}/away"
    network.service.answer = (302, {"Location": away}, {})
    variables = {"SSL_CERT_FILE": str(network.ca_file)}
    done = run(network, HTTPS_PROXY=proxy_of(network), **variables)
    fails(done, "302")
    assert len(network.service.seen) == 1


# --- our own certificate ---


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Network]:
    network = Network(tmp_path, asks_for_certificate=True)
    yield network
    network.close()


def client_files(network: Network, passphrase: bytes | None = None) -> str:
    """The lines of a configuration that name a certificate and its key."""
    issued = network.authority.issue_cert("me@example.com")
    certificate = network.folder / "me.pem"
    key = network.folder / "me.key"
    issued.cert_chain_pems[0].write_to_path(str(certificate))
    text = issued.private_key_pem.bytes()
    if passphrase:
        private = load_pem_private_key(text, None)
        text = private.private_bytes(
            encoding=Encoding.PEM,
            format=PrivateFormat.PKCS8,
            encryption_algorithm=BestAvailableEncryption(passphrase),
        )
    key.write_bytes(text)
    return f"client_certificate: {certificate}\nclient_key: {key}\n"


def test_a_server_that_wants_our_certificate(strict: Network):
    variables = {
        "HTTPS_PROXY": proxy_of(strict),
        "SSL_CERT_FILE": str(strict.ca_file),
    }
    fails(run(strict, **variables), "client_certificate")
    works(run(strict, client_files(strict), **variables), strict)


def test_a_certificate_and_its_key_in_one_file(strict: Network):
    issued = strict.authority.issue_cert("me@example.com")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    certificate = load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())
    file = strict.folder / "me.p12"
    file.write_bytes(
        serialize_key_and_certificates(b"me", key, certificate, None, NoEncryption())
    )
    variables = {
        "HTTPS_PROXY": proxy_of(strict),
        "SSL_CERT_FILE": str(strict.ca_file),
    }
    works(run(strict, f"client_certificate: {file}\n", **variables), strict)


def test_a_key_with_a_passphrase_asks_nobody(strict: Network):
    variables = {
        "HTTPS_PROXY": proxy_of(strict),
        "SSL_CERT_FILE": str(strict.ca_file),
    }
    config = client_files(strict, b"geheim")
    fails(run(strict, config, **variables), "client_key", "passphrase")
