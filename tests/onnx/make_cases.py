#!/usr/bin/env python3
"""Writes models with ONNX Runtime's outputs, as cases for `troika-onnx check`.

Usage: make_cases.py FOLDER. Two MLPs and two CNNs are made here, from a fixed seed; PP-OCR's
classifier and ddddocr's detector come from PyPI packages and are named when those are missing.
"""

import importlib.util
import pathlib
import sys

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

RANDOM = numpy.random.default_rng(7)


def constant(name, *shape):
    scale = 1 / numpy.sqrt(numpy.prod(shape[1:]) or 1)
    return numpy_helper.from_array((RANDOM.standard_normal(shape) * scale).astype("f"), name)


def model_of(nodes, constants, shape):
    graph = helper.make_graph(
        nodes, "made", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape[1:]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", None])], constants)
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 13)])


def mlp(sizes, activation):
    nodes, constants, at = [], [], "x"
    for i, (size, to) in enumerate(zip(sizes, sizes[1:])):
        constants += [constant(f"w{i}", to, size), constant(f"b{i}", to)]
        last = i + 2 == len(sizes)
        nodes.append(helper.make_node("Gemm", [at, f"w{i}", f"b{i}"],
                                      ["y" if last else f"g{i}"], transB=1))
        if not last:
            nodes.append(helper.make_node(activation, [f"g{i}"], [f"a{i}"]))
            at = f"a{i}"
    return model_of(nodes, constants, (1, sizes[0]))


def cnn(channels, activation, classes):
    nodes, constants, at = [], [], "x"
    for i, (size, to) in enumerate(zip(channels, channels[1:])):
        constants += [constant(f"w{i}", to, size, 3, 3), constant(f"b{i}", to)]
        nodes += [helper.make_node("Conv", [at, f"w{i}", f"b{i}"], [f"c{i}"], pads=[1, 1, 1, 1]),
                  helper.make_node(activation, [f"c{i}"], [f"a{i}"]),
                  helper.make_node("MaxPool", [f"a{i}"], [f"p{i}"], kernel_shape=[2, 2],
                                   strides=[2, 2])]
        at = f"p{i}"
    features = channels[-1] * (32 >> (len(channels) - 1)) ** 2
    constants += [constant("w", classes, features), constant("b", classes)]
    nodes += [helper.make_node("Flatten", [at], ["f"]),
              helper.make_node("Gemm", ["f", "w", "b"], ["y"], transB=1)]
    return model_of(nodes, constants, (1, channels[0], 32, 32))


def write(folder, name, model, shape):
    data = folder / name / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    bytes_of = model.SerializeToString()
    (folder / name / "model.onnx").write_bytes(bytes_of)
    session = onnxruntime.InferenceSession(bytes_of, providers=["CPUExecutionProvider"])
    x = RANDOM.random(shape, dtype="f")
    for i, y in enumerate(session.run(None, {session.get_inputs()[0].name: x})):
        (data / f"output_{i}.pb").write_bytes(numpy_helper.from_array(y).SerializeToString())
    (data / "input_0.pb").write_bytes(numpy_helper.from_array(x).SerializeToString())


def packaged(package, path):
    found = importlib.util.find_spec(package)
    file = pathlib.Path(found.submodule_search_locations[0], path) if found else None
    if file is None or not file.exists():
        print(f"skipped {path}: the package {package} is not installed")
        return None
    return onnx.load(file)


def main():
    folder = pathlib.Path(sys.argv[1])
    for batch in (1, 8):
        write(folder, f"mlp_relu_{batch}", mlp([784, 512, 512, 10], "Relu"), (batch, 784))
        write(folder, f"mlp_tanh_{batch}", mlp([64, 96, 32, 5], "Tanh"), (batch, 64))
        write(folder, f"cnn_relu_{batch}", cnn([3, 32, 64, 64], "Relu", 10), (batch, 3, 32, 32))
        write(folder, f"cnn_sigmoid_{batch}", cnn([3, 12, 20], "Sigmoid", 7), (batch, 3, 32, 32))
    for package, path, shape in (
            ("rapidocr_onnxruntime", "models/ch_ppocr_mobile_v2.0_cls_infer.onnx", (1, 3, 48, 192)),
            ("ddddocr", "common_det.onnx", (1, 3, 416, 416))):
        model = packaged(package, path)
        if model is not None:
            write(folder, pathlib.Path(path).stem, model, shape)


if __name__ == "__main__":
    main()
