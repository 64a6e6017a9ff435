"""The other rival of troika-bench serve: the server's Python backend with ONNX Runtime.

The server calls `execute` with the requests that it has gathered; they are one run.
"""

import json
import pathlib
import sys

# The server's interpreter is none of the environment that has the packages.
ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
sys.path.append(str(ROOT / "build/pypi/serving/lib" / VERSION / "site-packages"))

import numpy  # noqa: E402
import onnxruntime  # noqa: E402
import triton_python_backend_utils as server  # noqa: E402


class TritonPythonModel:
    def initialize(self, args):
        config = json.loads(args["model_config"])
        self.input, self.output = config["input"][0]["name"], config["output"][0]["name"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(config["parameters"]["intra_op_threads"]["string_value"])
        file = pathlib.Path(args["model_repository"]) / args["model_version"] / "model.onnx"
        self.session = onnxruntime.InferenceSession(str(file), options,
                                                    providers=["CPUExecutionProvider"])

    def execute(self, requests):
        inputs = [server.get_input_tensor_by_name(request, self.input).as_numpy()
                  for request in requests]
        x = inputs[0] if len(inputs) == 1 else numpy.concatenate(inputs)
        y = self.session.run([self.output], {self.input: x})[0]
        responses, at = [], 0
        for rows in map(len, inputs):
            part = server.Tensor(self.output, y[at:at + rows])
            responses.append(server.InferenceResponse(output_tensors=[part]))
            at += rows
        return responses
