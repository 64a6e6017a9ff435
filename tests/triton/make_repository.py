"""A folder of models for the server, made from a fixed seed: an MLP and a CNN.

Usage: make_repository.py FOLDER.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/onnx"))

import make_cases  # noqa: E402

MLP = make_cases.mlp([784, 512, 512, 10], "Relu").SerializeToString()
CNN = make_cases.cnn([3, 32, 64, 64], "Relu", 10).SerializeToString()
ROW = {"mlp": (784,), "cnn": (3, 32, 32)}


def add(folder, name, model, config="max_batch_size: 8", backend="troika"):
    """A version 1 of the model, with this configuration."""
    file = folder / name / "1/model.onnx"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(model)
    (folder / name / "config.pbtxt").write_text(f'backend: "{backend}"\n{config}\n')


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, model in (("mlp", MLP), ("cnn", CNN)):
        add(folder, name, model, "max_batch_size: 8\ndynamic_batching {}")


if __name__ == "__main__":
    main()
