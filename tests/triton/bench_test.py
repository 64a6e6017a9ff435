"""The rivals of troika-bench serve answer as they should, and it measures all that it says."""

import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy

from harness import BUILD, ROOT, expected, input_of, some
from make_repository import MLP

sys.path.append(str(ROOT / "bench/serve"))

from contestants import Contestant, models  # noqa: E402

PROGRAM = pathlib.Path(BUILD) / "bin/troika-bench"


class Rivals(unittest.TestCase):
    def test_answer_as_onnx_runtime_does_alone_and_together_in_every_setting(self):
        inputs = [some((1 + i % 3, 784), i) for i in range(24)]
        for name in ("onnxruntime", "python"):
            contestant = Contestant(name, [models()["mlp"]])
            self.addCleanup(contestant.stop)
            for setting in contestant.settings:
                served = contestant.served("mlp", setting)
                for protocol, client in contestant.server.clients():
                    with self.subTest(backend=name, setting=setting.name,
                                      protocol=protocol.__name__):
                        ask = lambda x: client.infer(  # noqa: E731
                            served, [input_of(protocol, x)]).as_numpy("y")
                        # The client over HTTP is one thread's.
                        if protocol.__name__.endswith("grpc"):
                            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                                answers = list(pool.map(ask, inputs))
                        else:
                            answers = list(map(ask, inputs[:3]))
                        for x, y in zip(inputs, answers):
                            self.assertLess(numpy.abs(y - expected(MLP, x)).max(), 1e-4)


class Bench(unittest.TestCase):
    def test_measures_each_backend_and_protocol_in_closed_and_open_loops_without_failures(self):
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            subprocess.run([PROGRAM, "serve", "--models", "mlp", "--at-once", "1,8", "--seconds",
                            "0.5", "--repeats", "1", "--no-sweep", "--open", "0.2", "--bound-ms",
                            "10000", "--json", file.name], check=True, stdout=subprocess.DEVNULL)
            found = json.load(file)
        closed = [(row["protocol"], row["at_once"], row["backend"]) for row in found["closed"]]
        self.assertEqual(sorted(closed), sorted(
            (protocol, at_once, backend) for protocol in ("grpc", "http") for at_once in (1, 8)
            for backend in ("troika", "onnxruntime", "python")))
        self.assertEqual({row["backend"] for row in found["open"]},
                         {"troika", "onnxruntime", "python"})
        for row in found["closed"] + found["open"]:
            self.assertGreater(row["throughput"], 0)
            self.assertGreaterEqual(row["p95_us"], row["p50_us"])
            self.assertGreater(row["server_cpu"], 0)
            self.assertGreater(row["memory_mib"], 1)
            self.assertEqual(row["failed_percent"], 0)
        for row in found["open"]:
            self.assertAlmostEqual(row["goodput"], row["throughput"])


if __name__ == "__main__":
    unittest.main()
