"""Measures backends in real Triton servers, one each, under loads of the same kind in turn.

Usage: serve.py OPTIONS, as JSON: what `troika-bench serve` was asked for. Prints a report as JSON:
its tables' cells are numbers, words, null, or [least, median, most] of the repeats.
"""

import contextlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import tritonclient.http
from contestants import BUILD, Contestant, models
from tritonclient.grpc import service_pb2

PATHS = {"grpc": "/inference.GRPCInferenceService/ModelInfer", "http": "/v2/models/{}/infer"}
RIVAL = "onnxruntime"
SWEEP_SECONDS = 0.5
CONNECTIONS_MAX = {"grpc": 8, "http": 500}


def say(text):
    print(text, file=sys.stderr, flush=True)


def message(protocol, name, model, parameters):
    """(headers, body) of a request with one row, as the server's own clients send it."""
    x = numpy.random.default_rng(1).random((1, *model.row), dtype="f")
    if protocol == "http":
        tensor = tritonclient.http.InferInput(model.input, x.shape, "FP32")
        tensor.set_data_from_numpy(x)
        wanted = tritonclient.http.InferRequestedOutput(model.output)
        body, json_bytes = tritonclient.http.InferenceServerClient.generate_request_body(
            [tensor], outputs=[wanted], parameters=parameters)
        return {"Inference-Header-Content-Length": str(json_bytes),
                "Content-Type": "application/octet-stream"}, body
    request = service_pb2.ModelInferRequest(model_name=name, raw_input_contents=[x.tobytes()])
    request.inputs.add(name=model.input, datatype="FP32", shape=x.shape)
    request.outputs.add(name=model.output)
    for key, value in parameters.items():
        request.parameters[key].int64_param = value
    return {}, request.SerializeToString()


def load(contestant, protocol, model, setting, seconds, parameters=None, **how):
    """What the load client says, with the server's CPU and memory beside it."""
    name = contestant.served(model.name, setting)
    headers, body = message(protocol, name, model, parameters or {})
    warm_up = min(0.5, seconds / 3)
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        order = {"protocol": protocol, "port": getattr(contestant.server, protocol),
                 "path": PATHS[protocol].format(name), "headers": headers, "body": file.name,
                 "warm_up_s": warm_up, "seconds": seconds, **how}
        before, begin = contestant.cpu_seconds(), time.monotonic()
        done = subprocess.run([pathlib.Path(BUILD) / "bin/troika-bench-load", json.dumps(order)],
                              capture_output=True, text=True)
        took = time.monotonic() - begin
    if done.returncode != 0:
        raise RuntimeError(f"{contestant.name}: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    found["server_cpu"] = (contestant.cpu_seconds() - before) / took
    found["memory_mib"] = contestant.memory_mib()
    total = found["answered"] + found["failed"]
    found["failed_percent"] = 100 * found["failed"] / max(total, 1)
    return found


def connections(protocol, at_once):
    return min(at_once, CONNECTIONS_MAX[protocol])


def closed(contestant, protocol, model, setting, at_once, seconds):
    return load(contestant, protocol, model, setting, seconds, at_once=at_once,
                connections=connections(protocol, at_once))


def spread(values):
    return [min(values), statistics.median(values), max(values)]


def ratios(ours, theirs):
    """By repeat: whatever slowed the machine down slowed both."""
    return spread([a / b for a, b in zip(ours, theirs)])


FIGURES = [("throughput", "answers", "1/s", 0), ("p50_us", "P50", "us", 0), ("p95_us", "P95", "us", 0),
           ("p99_us", "P99", "us", 0), ("failed_percent", "failed", "%", 2),
           ("server_cpu", "server's CPU", "cores", 2), ("client_cpu", "client's CPU", "cores", 2),
           ("memory_mib", "memory", "MiB", 0)]


def columns(*described):
    return [dict(zip(("key", "heading", "unit", "decimals"), each)) for each in described]


def words(*names):
    return [(name, name.replace("_", " "), "", 0) for name in names]


class Bench:
    def __init__(self, options):
        self.options = options
        self.not_run = []
        there = models()
        self.models = [there[name] for name in options["models"] if there[name]]
        self.not_run += [{"what": name, "why": "its package is not installed (scripts/setup --models)"}
                         for name in options["models"] if not there[name]]
        self.contestants = []

    def start(self, stack):
        for name in self.options["backends"]:
            say(f"starting a server with {name}")
            self.contestants.append(Contestant(name, self.models))
            stack.callback(self.contestants[-1].stop)

    def choose_settings(self):
        """The setting whose throughputs, multiplied, are most; ours stays what users get."""
        rows = []
        for contestant in self.contestants:
            if contestant.name == "troika":
                continue
            for model in self.models:
                products = {}
                for setting in contestant.settings:
                    figures = [closed(contestant, "grpc", model, setting, at_once, SWEEP_SECONDS)
                               for at_once in self.options["concurrency"]]
                    products[setting] = numpy.prod([each["throughput"] for each in figures])
                    rows.append([contestant.name, model.name, setting.name, "",
                                 " ".join(f"{each['throughput']:.0f}" for each in figures)])
                best = max(products, key=products.get)
                contestant.best[model.name] = best
                say(f"{contestant.name} serves {model.name} best with {best.name}")
                for row in rows[-len(products):]:
                    row[3] = "chosen" if row[2] == best.name else ""
        at = ", ".join(map(str, self.options["concurrency"]))
        return {"key": "settings", "rows": rows,
                "title": f"Settings of the rivals, answers a second at {at} requests at once (gRPC)",
                "columns": columns(*words("backend", "model", "setting", "note", "answers"))}

    def compare(self, of, measure):
        """Rows of every contestant, measured in turn, with ratios to the rival."""
        taken = {contestant.name: [] for contestant in self.contestants}
        for repeat in range(self.options["repeats"]):
            for contestant in self.contestants[::1 if repeat % 2 else -1]:
                taken[contestant.name].append(measure(contestant))
        rows = []
        for name, figures in taken.items():
            row = [*of, name]
            for key, *_ in FIGURES:
                values = [each[key] for each in figures]
                row.append(spread(values) if None not in values else None)
            for key in ("throughput", "p95_us"):
                ours, rival = ([each[key] for each in taken.get(which, [])]
                               for which in (name, RIVAL))
                row.append(ratios(ours, rival) if rival and None not in ours + rival else None)
            rows.append(row)
        return rows, taken

    def closed_loop(self):
        rows = []
        for model in self.models:
            for protocol in self.options["protocols"]:
                for at_once in self.options["concurrency"]:
                    say(f"{model.name}, {protocol}, {at_once} at once")
                    rows += self.compare((model.name, protocol, at_once), lambda contestant: closed(
                        contestant, protocol, model, contestant.best[model.name], at_once,
                        self.options["seconds"]))[0]
        return {"key": "closed", "rows": rows,
                "title": "Closed loop: as many requests of one row always under way; medians of "
                         "repeats in turn (least - most), ratios within a repeat",
                "columns": columns(*words("model", "protocol", "at_once", "backend"), *FIGURES,
                                   ("throughput_ratio", "answers to the rival's", "x", 2),
                                   ("p95_ratio", "P95 to the rival's", "x", 2))}

    def batching_off(self):
        """What batching costs a request that is alone."""
        ours = next((each for each in self.contestants if each.name == "troika"), None)
        rows = []
        for model in self.models if ours else []:
            on, off = ([closed(ours, "grpc", model, setting, 1, self.options["seconds"])["p50_us"]
                        for _ in range(self.options["repeats"])] for setting in ours.settings)
            rows.append([model.name, spread(on), spread(off), ratios(on, off)])
        return {"key": "batching", "title": "Troika, one request at once over gRPC",
                "columns": columns(*words("model"), ("on_us", "P50, batching", "us", 0),
                                   ("off_us", "P50, no batching", "us", 0),
                                   ("ratio", "on to off", "x", 2)), "rows": rows}

    def open_loop(self):
        """At parts of what the rival answers when it is never idle."""
        rival = next((each for each in self.contestants if each.name == RIVAL), self.contestants[0])
        bound = self.options["bound_ms"]
        rows = []
        for model in self.models:
            capacity = closed(rival, "grpc", model, rival.best[model.name], 64,
                              self.options["seconds"])["throughput"]
            for part in self.options["parts"]:
                say(f"{model.name}, open loop, {part} of {capacity:.0f}/s")
                more, taken = self.compare((model.name, part, capacity * part), lambda contestant: load(
                    contestant, "grpc", model, contestant.best[model.name], self.options["seconds"],
                    {"deadline_us": int(bound * 1000)} if contestant.name == "troika" else None,
                    rate=capacity * part, connections=8, bound_ms=bound))
                for row, figures in zip(more, taken.values()):
                    row.insert(4, spread([each["goodput"] for each in figures]))
                rows += more
        return {"key": "open", "rows": rows,
                "title": "Open loop over gRPC: requests come at random times at a part of the rival's "
                         f"capacity, times count from when they were to come; good: in {bound} ms",
                "columns": columns(*words("model"), ("part", "part", "", 2), ("rate", "rate", "1/s", 0),
                                   *words("backend"), ("goodput", "good", "1/s", 0), *FIGURES,
                                   ("throughput_ratio", "answers to the rival's", "x", 2),
                                   ("p95_ratio", "P95 to the rival's", "x", 2))}

    def report(self):
        tables = []
        with contextlib.ExitStack() as stack:
            self.start(stack)
            if self.options["sweep"]:
                tables.append(self.choose_settings())
            if self.options["concurrency"]:
                tables += [self.closed_loop(), self.batching_off()]
            if self.options["parts"]:
                tables.append(self.open_loop())
        return {"tables": [table for table in tables if table["rows"]], "not_run": self.not_run}


def main():
    print(json.dumps(Bench(json.loads(sys.argv[1])).report()))


if __name__ == "__main__":
    main()
