"""The backends that are compared, the models that they serve, and a server for each of them."""

import contextlib
import dataclasses
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/triton"))

import onnx  # noqa: E402
from harness import BUILD, Repository, Server, serving  # noqa: E402
from make_repository import CNN, MLP  # noqa: E402

BATCH_MAX = 64
TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Model:
    """An ONNX file with one input and one output, and the dimensions of a row of each."""

    name: str
    file: bytes
    input: str
    row: tuple
    output: str
    result: tuple


def classifier():
    """PP-OCR's, as a model; None where its package is not installed."""
    files = sorted((ROOT / "build/pypi/onnx").glob(
        "lib/python3*/site-packages/rapidocr_onnxruntime/models/*cls*.onnx"))
    if not files:
        return None
    graph = onnx.load(str(files[0])).graph
    return Model("cls", files[0].read_bytes(), graph.input[0].name, (3, 48, 192),
                 graph.output[0].name, (2,))


def models():
    """By name; None for what is not there."""
    return {"mlp": Model("mlp", MLP, "x", (784,), "y", (10,)),
            "cnn": Model("cnn", CNN, "x", (3, 32, 32), "y", (10,)),
            "cls": classifier()}


@dataclasses.dataclass(frozen=True)
class Setting:
    """How a backend runs a model: a variant of it that is served under a name of its own."""

    name: str
    parameters: tuple = ()
    instances: int = 1
    batching: bool = True


def parameter(name, value):
    return f'parameters {{ key: "{name}" value {{ string_value: "{value}" }} }}'


def config(model, setting):
    dims = lambda row: ", ".join(map(str, row))  # noqa: E731
    return "\n".join([
        f"max_batch_size: {BATCH_MAX}",
        "dynamic_batching {}" if setting.batching else "",
        f"instance_group [ {{ kind: KIND_CPU count: {setting.instances} }} ]",
        f'input [ {{ name: "{model.input}" data_type: TYPE_FP32 dims: [ {dims(model.row)} ] }} ]',
        f'output [ {{ name: "{model.output}" data_type: TYPE_FP32 '
        f"dims: [ {dims(model.result)} ] }} ]",
        *(parameter(name, value) for name, value in setting.parameters)])


def own_settings():
    return [Setting("default"), Setting("unbatched", batching=False)]


def rival_settings():
    library = next((serving.packages() / "onnxruntime/capi").glob("libonnxruntime.so.*"))
    return [Setting(f"{f'{threads} own' if threads else 'server'} threads, {instances} instances, "
                    f"{intra} intra-op",
                    (("library", library), ("threads", threads), ("intra_op_threads", intra)),
                    instances)
            for threads, instances in ((0, 1), (0, 2), (1, 1), (2, 1)) for intra in (1, 2)]


def python_settings():
    return [Setting(f"{instances} instances", (("intra_op_threads", 1),), instances)
            for instances in (1, 2)]


class Contestant:
    """A backend in a server of its own, with each model in each setting."""

    def __init__(self, name, kinds):
        self.name = name
        self.settings = {"troika": own_settings, "onnxruntime": rival_settings,
                         "python": python_settings}[name]()
        self.best = {model.name: self.settings[0] for model in kinds}
        self._backends = tempfile.TemporaryDirectory()
        self._repository = Repository()
        for model in kinds:
            for setting in self.settings:
                self._add(model, setting)
        self.server = Server(self._repository, f"--backend-directory={self._folder_of_backends()}")

    def served(self, model, setting):
        """The name that the server has for it."""
        return f"{model}_{self.settings.index(setting)}"

    def _add(self, model, setting):
        name = self.served(model.name, setting)
        self._repository.add(name, model.file, config(model, setting), backend=self.name)
        if self.name == "python":
            script = self._repository.path / name / "1/model.py"
            script.symlink_to(ROOT / "bench/serve/python_model.py")

    def _folder_of_backends(self):
        folder = pathlib.Path(self._backends.name)
        built = pathlib.Path(BUILD) / "lib"
        wheel = serving.packages() / "pytriton/tritonserver"
        (folder / "troika").symlink_to(built / "triton/troika")
        (folder / "onnxruntime").symlink_to(built / "bench/onnxruntime")
        (folder / "python").mkdir()
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        for part in (*(wheel / "backends/python").iterdir(),
                     wheel / "python_backend_stubs" / version / "triton_python_backend_stub"):
            (folder / "python" / part.name).symlink_to(part)
        return folder

    def processes(self):
        """The server's, and those that it started, and they."""
        parents = {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            # One may end while we look.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                fields = stat.read_text().rsplit(")", 1)[1].split()
                parents[int(stat.parent.name)] = int(fields[1])
        found = [self.server.process.pid]
        for process in found:
            found += [child for child, parent in parents.items() if parent == process]
        return found

    def cpu_seconds(self):
        ticks = 0
        for process in self.processes():
            fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def memory_mib(self):
        """What is resident, of shared pages their share."""
        kib = 0
        for process in self.processes():
            lines = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            kib += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return kib / 1024

    def stop(self):
        self.server.stop()
        self._repository.remove()
        self._backends.cleanup()
