"""The test CA: certificates for the real host names, and for loopback."""

from __future__ import annotations

import hashlib
import ssl
import threading
from pathlib import Path

import trustme


class Certificates:
    """One CA a simulator; a certificate for each name that is asked for."""

    def __init__(self) -> None:
        self.ca = trustme.CA(organization_name="synapse-kernel tests")
        self.contexts: dict[str, ssl.SSLContext] = {}
        self.lock = threading.Lock()

    def write_ca(self, folder: Path) -> Path:
        """The CA alone, as an administrator hands it out."""
        path = folder / "test-ca.pem"
        self.ca.cert_pem.write_to_path(str(path))
        return path

    def context(self, host: str) -> ssl.SSLContext:
        """For a TLS server that says it is `host`."""
        with self.lock:
            if host not in self.contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self.ca.issue_cert(host).configure_cert(context)
                self.contexts[host] = context
            return self.contexts[host]


class Stranger:
    """A certificate that nobody vouches for: known by its thumbprint alone."""

    def __init__(self, host: str) -> None:
        self.leaf = trustme.CA().issue_cert(host)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.leaf.configure_cert(self.context)

    @property
    def thumbprint(self) -> str:
        """SHA-1 of the certificate, as Windows and Service Fabric write it."""
        der = ssl.PEM_cert_to_DER_cert(self.leaf.cert_chain_pems[0].bytes().decode())
        return hashlib.sha1(der).hexdigest().upper()
