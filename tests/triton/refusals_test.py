"""What is wrong is refused with its reason, and the server and the other models go on."""

import http.client
import json
import socket
import struct
import unittest

import numpy
from onnx import TensorProto, helper
from tritonclient.utils import InferenceServerException

from harness import Repository, Server, ServerCase, expected, input_of, some
from make_repository import CNN, MLP


def one_node_model(operator, **attributes):
    """y = operator(x), both of any number of rows and four columns."""
    def port(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4])
    graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"], "wrong", **attributes)],
                              "made", [port("x")], [port("y")])
    return helper.make_model(graph, ir_version=8,
                             opset_imports=[helper.make_opsetid("", 13)]).SerializeToString()


class BadRequests(ServerCase):
    @classmethod
    def models(cls, repository):
        repository.add("mlp", MLP)
        repository.add("flat", MLP, "max_batch_size: 0")

    def tearDown(self):
        super().tearDown()
        x = some((3, 784))
        for protocol, client in self.server.clients():
            y = client.infer("mlp", [input_of(protocol, x)]).as_numpy("y")
            self.assertLess(numpy.abs(y - expected(MLP, x)).max(), 1e-4)

    def refusal_of(self, client, model, *inputs, **options):
        with self.assertRaises(InferenceServerException) as refused:
            client.infer(model, list(inputs), **options)
        return str(refused.exception)

    def test_of_the_wrong_shape_are_refused(self):
        for protocol, client in self.server.clients():
            for shape in ((1, 783), (784,), (1, 1, 784), (9, 784)):
                with self.subTest(protocol=protocol.__name__, shape=shape):
                    said = self.refusal_of(client, "mlp", input_of(protocol, some(shape)))
                    self.assertRegex(said, "shape|batch")

    def test_of_the_wrong_type_are_refused(self):
        for protocol, client in self.server.clients():
            said = self.refusal_of(client, "mlp",
                                   input_of(protocol, numpy.zeros((1, 784), "i4"), kind="INT32"))
            self.assertIn("data-type", said)

    def test_with_unknown_names_are_refused(self):
        for protocol, client in self.server.clients():
            x = some((1, 784))
            self.assertIn("nobody", self.refusal_of(client, "nobody", input_of(protocol, x)))
            self.assertIn("z", self.refusal_of(client, "mlp", input_of(protocol, x, name="z")))
            self.assertIn("nothing", self.refusal_of(
                client, "mlp", input_of(protocol, x),
                outputs=[protocol.InferRequestedOutput("nothing")]))

    def test_with_parameters_that_mean_nothing_are_refused_by_the_backend(self):
        for protocol, client in self.server.clients():
            x = input_of(protocol, some((1, 784)))
            for key, value in (("priority_class", "urgent"), ("priority_class", 3),
                               ("deadline_us", -1), ("deadline_us", "soon")):
                with self.subTest(protocol=protocol.__name__, key=key, value=value):
                    said = self.refusal_of(client, "mlp", x, parameters={key: value})
                    self.assertIn(f"parameter '{key}'", said)

    def test_whose_body_is_cut_short_are_refused(self):
        body = json.dumps({"inputs": [{"name": "x", "shape": [1, 784], "datatype": "FP32",
                                       "parameters": {"binary_data_size": 3136}}]}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.http, timeout=30)
        self.addCleanup(connection.close)
        connection.request("POST", "/v2/models/mlp/infer", body + bytes(100),
                           {"Inference-Header-Content-Length": str(len(body))})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 400)
        self.assertIn("error", json.loads(answer.read()))

    def test_of_clients_that_go_away_midway_do_not_matter(self):
        for linger in (False, True):
            with socket.create_connection(("127.0.0.1", self.server.http)) as client:
                client.sendall(b"POST /v2/models/mlp/infer HTTP/1.1\r\nHost: here\r\n"
                               b"Content-Length: 5000\r\n\r\n{\"inputs\"")
                if linger:  # a reset instead of an orderly end
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class BadModels(unittest.TestCase):
    def test_are_refused_with_their_reasons_and_the_others_serve(self):
        repository = Repository()
        self.addCleanup(repository.remove)
        shape = "max_batch_size: 8\ninput [{ name: \"x\" data_type: %s dims: [ %d ] }]\n" \
                "output [{ name: \"%s\" data_type: TYPE_FP32 dims: [ 10 ] }]"
        bad = {
            "cut_short": (MLP[:5000], "max_batch_size: 8", "cut_short/1/model.onnx: .* cut short"),
            "empty": (b"", "max_batch_size: 8", "empty/1/model.onnx: .* no graph"),
            "operator": (one_node_model("Det"), "max_batch_size: 8", "node 'wrong' .Det."),
            "input_dims": (MLP, shape % ("TYPE_FP32", 783, "y"), "input 'x' is -1x783 .*-1x784"),
            "input_type": (MLP, shape % ("TYPE_INT8", 784, "y"), "TYPE_INT8.*TYPE_FP32"),
            "output_name": (MLP, shape % ("TYPE_FP32", 784, "z"), "no output 'z', but 'y'"),
            "input_left_out": (MLP, "max_batch_size: 8\n" +
                               "input [{ name: \"w\" data_type: TYPE_FP32 dims: [ 784 ] }]",
                               "no input 'w', but 'x'"),
            "devices": (MLP, "max_batch_size: 8\nparameters { key: \"devices\" value "
                             "{ string_value: \"abacus\" } }", "'abacus'"),
            "warm": (MLP, "max_batch_size: 8\nparameters { key: \"warm_batch_sizes\" value "
                          "{ string_value: \"1,9\" } }", "9 is beyond max_batch_size"),
        }
        for name, (model, config, _) in bad.items():
            repository.add(name, model, config)
        repository.add("cnn", CNN)
        server = Server(repository, "--exit-on-error=false")
        self.addCleanup(server.stop)
        protocol, client = server.clients()[1]
        states = {model["name"]: model for model
                  in client.get_model_repository_index(as_json=True)["models"]}
        for name, (_, _, reason) in bad.items():
            with self.subTest(model=name):
                self.assertEqual(states[name]["state"], "UNAVAILABLE")
                self.assertRegex(states[name]["reason"], reason)
        x = some((2, 3, 32, 32))
        y = client.infer("cnn", [input_of(protocol, x)]).as_numpy("y")
        self.assertLess(numpy.abs(y - expected(CNN, x)).max(), 1e-4)


if __name__ == "__main__":
    unittest.main()
