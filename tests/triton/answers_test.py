"""Answers equal ONNX Runtime's, over HTTP and gRPC, with and without shared memory."""

import concurrent.futures
import unittest

import numpy
import tritonclient.utils.shared_memory as shared_memory

from harness import ServerCase, expected, input_of, some
from make_repository import CNN, MLP, ROW

MODELS = {"mlp": MLP, "cnn": CNN}
TOLERANCE = 1e-4
BATCHES = (1, 2, 8)


class Region:
    """Memory shared with the server, for one input and one output behind it."""

    def __init__(self, client, x, result_bytes, offset=0):
        self._client, self._name = client, "region"
        self.x, self.at, self.result_bytes = x, offset, result_bytes
        self.result_at = offset + x.nbytes
        self._handle = shared_memory.create_shared_memory_region(
            self._name, f"/troika_test_{id(self)}", self.result_at + result_bytes)
        shared_memory.set_shared_memory_region(self._handle, [x], offset=offset)
        client.register_system_shared_memory(self._name, f"/troika_test_{id(self)}",
                                             self.result_at + result_bytes)

    def infer(self, protocol, model):
        tensor = protocol.InferInput("x", self.x.shape, "FP32")
        tensor.set_shared_memory(self._name, self.x.nbytes, self.at)
        wanted = protocol.InferRequestedOutput("y")
        wanted.set_shared_memory(self._name, self.result_bytes, self.result_at)
        self._client.infer(model, [tensor], outputs=[wanted])

    def result(self, shape):
        return shared_memory.get_contents_as_numpy(self._handle, numpy.float32, shape,
                                                   offset=self.result_at)

    def remove(self):
        self._client.unregister_system_shared_memory(self._name)
        shared_memory.destroy_shared_memory_region(self._handle)


class Answers(ServerCase):
    @classmethod
    def models(cls, repository):
        super().models(repository)
        repository.add("batched", MLP, "max_batch_size: 8\ndynamic_batching {\n"
                                       "  preferred_batch_size: [ 4 ]\n"
                                       "  max_queue_delay_microseconds: 100000\n}")

    def assert_close(self, y, wanted):
        self.assertEqual(y.shape, wanted.shape)
        self.assertLess(numpy.abs(y - wanted).max(), TOLERANCE)

    def test_equal_onnx_runtimes(self):
        for protocol, client in self.server.clients():
            for name, model in MODELS.items():
                for batch in BATCHES:
                    with self.subTest(protocol=protocol.__name__, model=name, batch=batch):
                        x = some((batch, *ROW[name]), batch)
                        y = client.infer(name, [input_of(protocol, x)]).as_numpy("y")
                        self.assert_close(y, expected(model, x))

    def test_of_shared_memory_are_made_in_place(self):
        for protocol, client in self.server.clients():
            for name, model in MODELS.items():
                for batch in BATCHES:
                    with self.subTest(protocol=protocol.__name__, model=name, batch=batch):
                        x = some((batch, *ROW[name]), batch)
                        region = Region(client, x, batch * 40)
                        self.addCleanup(region.remove)
                        in_place = self.server.counted("troika_in_place_bytes_total", name)
                        copied = self.server.counted("troika_copied_bytes_total", name)
                        region.infer(protocol, name)
                        self.assert_close(region.result((batch, 10)), expected(model, x))
                        self.assertEqual(
                            self.server.counted("troika_copied_bytes_total", name) - copied, 0)
                        self.assertEqual(
                            self.server.counted("troika_in_place_bytes_total", name) - in_place,
                            x.nbytes + batch * 40)
                        self.doCleanups()

    def test_of_shared_memory_that_is_not_aligned_are_right_and_counted_as_copied(self):
        protocol, client = self.server.clients()[1]
        x = some((2, *ROW["mlp"]))
        region = Region(client, x, 80, offset=3)
        self.addCleanup(region.remove)
        copied = self.server.counted("troika_copied_bytes_total", "mlp")
        region.infer(protocol, "mlp")
        self.assert_close(region.result((2, 10)), expected(MLP, x))
        self.assertEqual(self.server.counted("troika_copied_bytes_total", "mlp") - copied,
                         x.nbytes + 80)

    def test_to_clients_that_read_the_same_shared_memory_at_once_are_right(self):
        protocol, client = self.server.clients()[1]
        x = some((8, *ROW["cnn"]))
        region = Region(client, x, 320)
        self.addCleanup(region.remove)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(region.infer, protocol, "cnn") for _ in range(64)]:
                done.result()
        self.assert_close(region.result((8, 10)), expected(CNN, x))

    def test_of_requests_that_ran_as_one_batch_go_to_their_own_askers(self):
        protocol, client = self.server.clients()[1]
        # Requests of different numbers of rows, each with an input of its own.
        inputs = [some((1 + i % 3, *ROW["mlp"]), i) for i in range(60)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(
                lambda x: client.infer("batched", [input_of(protocol, x)]).as_numpy("y"), inputs))
        for x, y in zip(inputs, answers):
            self.assert_close(y, expected(MLP, x))
        stats = client.get_inference_statistics("batched", as_json=True)["model_stats"][0]
        self.assertEqual(int(stats["inference_count"]), sum(len(x) for x in inputs))
        self.assertLess(int(stats["execution_count"]), len(inputs))
        self.assertGreater(self.server.counted("troika_copied_bytes_total", "batched"), 0)

    def test_are_counted_by_the_server_with_the_time_they_took(self):
        protocol, client = self.server.clients()[1]
        before = client.get_inference_statistics("cnn", as_json=True)["model_stats"][0]
        client.infer("cnn", [input_of(protocol, some((2, *ROW["cnn"])))])
        after = client.get_inference_statistics("cnn", as_json=True)["model_stats"][0]
        self.assertEqual(int(after["inference_count"]) - int(before.get("inference_count", 0)), 2)
        self.assertGreater(int(after["inference_stats"]["compute_infer"]["ns"]),
                           int(before["inference_stats"]["compute_infer"].get("ns", 0)))


if __name__ == "__main__":
    unittest.main()
