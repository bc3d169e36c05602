"""AWS on this machine: moto as a process, and the AWS CLI that sends requests to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

import boto3

from tests.docs.running import free_port

_LOOPBACK: Final = "127.0.0.1"
REGION: Final = "eu-west-1"
#: Seconds that moto may take to start: it imports every service.
_PATIENCE: Final = 60.0


@dataclass(frozen=True)
class Said:
    """The exit code and output of a command of the AWS CLI."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """The output, parsed as JSON."""
        assert self.code == 0, self.err
        return json.loads(self.out)


@dataclass(frozen=True)
class AWS:
    """A running moto that serves every AWS service at one address."""

    endpoint_url: str

    def cli(self, *arguments: str | Path, key_id: str = "admin") -> Said:
        """Run the AWS CLI against this moto."""
        program = Path(sys.executable).with_name("aws")
        done = subprocess.run(
            [program, "--endpoint-url", self.endpoint_url, "--output", "json", *arguments],
            env=environment(key_id),
            capture_output=True,
            text=True,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def deploy(self, stack: str, template: Path, *options: str) -> Said:
        """Deploy a template with the command that the documentation gives."""
        return self.cli(
            *("cloudformation", "deploy", "--stack-name", stack, "--template-file", template),
            *("--capabilities", "CAPABILITY_IAM", *options),
        )

    def client(self, service: str, key_id: str = "admin", secret: str = "dummy") -> Any:
        """A boto3 client, which is faster than the CLI."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # stubs of few services are installed
            region_name=REGION,
            endpoint_url=self.endpoint_url,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
        )

    def enforce_policies(self) -> None:
        """Start to refuse requests that IAM policies do not allow."""
        address = f"{self.endpoint_url}/moto-api/reset-auth"
        plain = {"Content-Type": "text/plain"}
        with urlopen(Request(address, b"0", plain, method="POST")) as answer:
            assert answer.status == 200


def environment(key_id: str, secret: str = "dummy") -> dict[str, str]:
    """The environment of a program that must not reach the real AWS."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ACCESS_KEY_ID": key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_PAGER": "",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def moto() -> Iterator[AWS]:
    """Run moto as a process until the block ends."""
    port = free_port()
    program = Path(sys.executable).with_name("moto_server")
    server = subprocess.Popen(
        [program, "-H", _LOOPBACK, "-p", str(port)],
        env=environment("moto"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        endpoint_url = f"http://{_LOOPBACK}:{port}"
        _wait_for(endpoint_url, server)
        yield AWS(endpoint_url)
    finally:
        server.kill()
        server.wait()


def _wait_for(endpoint_url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        assert server.poll() is None, "moto ended"
        try:
            urlopen(f"{endpoint_url}/moto-api/data.json").close()
        except URLError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("moto did not start")
