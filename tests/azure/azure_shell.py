"""The kernel's program in a user's shell behind the inspecting proxy, and a kernel there."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
from dataclasses import dataclass
from typing import Any, Iterator

from notebook_kernel import BINARY, NotebookKernel, write_kernelspec
from simulator.app import Simulator

LIMIT = 60
# Variables that a kernel would inherit from this machine.
UNWANTED = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR")
NO_MACHINE = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9"}


@dataclass
class Done:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class AzureShell:
    """`home` is the user's, `folder` where they are. `credential` is one of
    Simulator.environment's."""

    def __init__(
        self,
        azure: Simulator,
        home: pathlib.Path,
        folder: pathlib.Path,
        credential: str,
    ):
        self.azure = azure
        self.folder = folder
        kept = {k: os.environ[k] for k in ("PATH", "LANG") if k in os.environ}
        given = {k: v for k, v in azure.environment(credential).items() if v}
        self.environment = {**kept, **NO_MACHINE, **given, "HOME": str(home)}

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [BINARY, *words],
            cwd=self.folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **variables: str) -> Done:
        process = self.start(*words, **variables)
        try:
            out, err = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
        return Done(process.returncode, out, err)

    def who(self, **variables: str) -> dict[str, Any]:
        """What `whoami` says: never a secret."""
        done = self.run("whoami", "-o", "json", **variables)
        assert done.status == 0, done
        for secret in [*self.azure.mint.made, self.azure.identity.secret]:
            assert secret not in done.out + done.err, "no secret is ever shown"
        return done.json

    @contextlib.contextmanager
    def kernel(self, folder: pathlib.Path) -> Iterator[NotebookKernel]:
        """A kernel of this user, in their folder; `folder` gets what Jupyter needs."""
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        path = write_kernelspec(folder / "jupyter")
        environment = {**dict.fromkeys(UNWANTED, ""), **self.environment}
        kernel = NotebookKernel(path, self.folder, runtime, environment)
        try:
            yield kernel
        finally:
            kernel.shutdown()
