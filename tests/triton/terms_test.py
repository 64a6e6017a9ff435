"""What requests ask for beside an answer: a priority class, a time limit, to be forgotten."""

import threading
import time
import unittest

import numpy
from tritonclient.utils import InferenceServerException

from harness import ServerCase, expected, input_of, some
from make_repository import MLP, make_cases

# Requests that keep the only place for runs long enough for another to wait behind them.
BEFORE = 8
SLOW = make_cases.cnn([3, 64, 64, 64], "Relu", 10).SerializeToString()


class Terms(ServerCase):
    @classmethod
    def models(cls, repository):
        repository.add("mlp", MLP)
        repository.add("slow", SLOW, "max_batch_size: 256\nparameters { key: \"runs_max\" value "
                                     "{ string_value: \"1\" } }")

    def test_of_every_class_are_answered(self):
        x = some((2, 784))
        for protocol, client in self.server.clients():
            for priority in ("low", "normal", "high"):
                y = client.infer("mlp", [input_of(protocol, x)], parameters={
                    "priority_class": priority, "deadline_us": 10_000_000}).as_numpy("y")
                self.assertLess(numpy.abs(y - expected(MLP, x)).max(), 1e-4)

    def outcomes_behind_slow_runs(self, ask):
        """What becomes of a request that waits while others of the model are computed."""
        protocol, client = self.server.clients()[1]
        slow = input_of(protocol, some((256, 3, 32, 32)))
        answers, all_there = [], threading.Event()

        def note(result, error):
            answers.append(str(error) if error else result)
            if len(answers) == BEFORE + 1:
                all_there.set()

        for _ in range(BEFORE):
            client.async_infer("slow", [slow], note)
        ask(protocol, client, note)
        self.assertTrue(all_there.wait(60))
        return answers

    def test_whose_deadline_passes_while_they_wait_are_refused(self):
        def ask(protocol, client, note):
            client.async_infer("slow", [input_of(protocol, some((1, 3, 32, 32)))], note,
                               parameters={"deadline_us": 1})
        answers = self.outcomes_behind_slow_runs(ask)
        refusals = [answer for answer in answers if isinstance(answer, str)]
        self.assertEqual(len(refusals), 1, answers)
        self.assertRegex(refusals[0], "would be late|deadline has passed")

    def test_that_are_cancelled_are_not_computed(self):
        client = self.server.clients()[1][1]
        rows, failed = self.rows_computed(client), self.counted("nv_inference_request_failure")

        def ask(protocol, client, note):
            call = client.async_infer("slow", [input_of(protocol, some((1, 3, 32, 32)))], note)
            # It is there when calls that were sent behind it on the same connection are answered.
            for _ in range(50):
                self.rows_computed(client)
            call.cancel()
        answers = self.outcomes_behind_slow_runs(ask)
        self.assertEqual(sum(isinstance(answer, str) for answer in answers), 1, answers)
        # The client hears of it at once, the server when the request's turn comes.
        self.wait_until(lambda: self.counted("nv_inference_request_failure") == failed + 1)
        self.assertEqual(self.rows_computed(client), rows + BEFORE * 256)

    def counted(self, what):
        return self.server.counted(what, "slow")

    def wait_until(self, holds):
        until = time.monotonic() + 30
        while not holds():
            self.assertLess(time.monotonic(), until)

    def rows_computed(self, client):
        stats = client.get_inference_statistics("slow", as_json=True)["model_stats"][0]
        return int(stats.get("inference_count", 0))


if __name__ == "__main__":
    unittest.main()
