"""A real Triton server with our backend, on ports of its own, and folders of models for it."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import numpy
import onnxruntime
import tritonclient.grpc
import tritonclient.http

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts/support"))

import serving  # noqa: E402
from make_repository import CNN, MLP, add  # noqa: E402

BUILD = os.environ["TROIKA_BUILD"]
READY_SECONDS = 60


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Repository:
    """A folder of models, as the server reads it."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self._folder.name)

    def add(self, name, model, *config, **backend):
        add(self.path, name, model, *config, **backend)

    def remove(self):
        self._folder.cleanup()


class Server:
    """The server's process; stop() asserts that it ends as it should."""

    def __init__(self, repository, *options):
        self.http, self.grpc, self.metrics = free_ports(3)
        self._log = tempfile.NamedTemporaryFile()
        arguments, env = serving.command(
            BUILD, repository.path, f"--http-port={self.http}", f"--grpc-port={self.grpc}",
            f"--metrics-port={self.metrics}", "--exit-timeout-secs=5", *options)
        self.process = subprocess.Popen(arguments, env=env, stdout=self._log,
                                         stderr=subprocess.STDOUT)
        self._wait()

    def _wait(self):
        """Until it answers. Models that are refused do not keep it from that."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until and self.is_up():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/v2/health/live"):
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise AssertionError(f"the server does not come up:\n{self.log()}")

    def is_up(self):
        return self.process.poll() is None

    def log(self):
        return pathlib.Path(self._log.name).read_text(errors="replace")

    def counted(self, name, model, label=""):
        """The counter's value for the model, of those with this label."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics") as page:
            lines = page.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith(name + "{") and f'model="{model}"' in line and label in line)

    def clients(self):
        """(protocol's module, client) over HTTP and over gRPC."""
        return [(tritonclient.http, tritonclient.http.InferenceServerClient(
                    f"127.0.0.1:{self.http}", concurrency=8)),
                (tritonclient.grpc, tritonclient.grpc.InferenceServerClient(
                    f"127.0.0.1:{self.grpc}"))]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        ended = self.process.wait(timeout=60)
        if ended != 0:
            raise AssertionError(f"the server ended with {ended}:\n{self.log()}")


class ServerCase(unittest.TestCase):
    """Tests that share one server on what models() adds; every test leaves it up."""

    OPTIONS = ()

    @classmethod
    def models(cls, repository):
        repository.add("mlp", MLP)
        repository.add("cnn", CNN)

    @classmethod
    def setUpClass(cls):
        cls.repository = Repository()
        cls.addClassCleanup(cls.repository.remove)
        cls.models(cls.repository)
        cls.server = Server(cls.repository, *cls.OPTIONS)
        cls.addClassCleanup(cls.server.stop)

    def tearDown(self):
        self.assertTrue(self.server.is_up(), self.server.log())


def input_of(protocol, x, name="x", kind="FP32"):
    tensor = protocol.InferInput(name, x.shape, kind)
    tensor.set_data_from_numpy(x)
    return tensor


def expected(model, x):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def some(shape, seed=1):
    return numpy.random.default_rng(seed).random(shape, dtype="f")
