"""Models come and go under traffic; devices and warm-up are what the configuration says."""

import re
import threading
import unittest

import numpy
from tritonclient.utils import InferenceServerException

from harness import ServerCase, expected, input_of, some
from make_repository import CNN, MLP


class Loading(ServerCase):
    OPTIONS = ("--model-control-mode=explicit", "--load-model=cnn", "--log-verbose=0")

    @classmethod
    def models(cls, repository):
        super().models(repository)
        for name, devices in (("host_first", "host"), ("falls_back", "abacus,host")):
            repository.add(name, MLP, "max_batch_size: 4\nparameters { key: \"devices\" value "
                                      f"{{ string_value: \"{devices}\" }} }}")
        repository.add("warm", MLP, "max_batch_size: 4\nparameters { key: \"warm_batch_sizes\" value "
                                    "{ string_value: \"1,2,3,4\" } }")

    def setUp(self):
        self.protocol, self.client = self.server.clients()[1]

    def ask(self, name, model, x):
        y = self.client.infer(name, [input_of(self.protocol, x)]).as_numpy("y")
        return numpy.abs(y - expected(model, x)).max()

    def test_and_unloading_go_on_under_traffic_on_the_same_model_and_on_another(self):
        x = some((2, 784))
        wanted = expected(MLP, x)
        stop, wrong, answered, refused = threading.Event(), [], [0], [0]

        def ask_on():
            protocol, client = self.server.clients()[1]
            while not stop.is_set():
                try:
                    y = client.infer("mlp", [input_of(protocol, x)]).as_numpy("y")
                    answered[0] += 1
                    if numpy.abs(y - wanted).max() > 1e-4:
                        wrong.append(y)
                except InferenceServerException as error:
                    refused[0] += 1
                    if not re.search("not ready|unknown model|not found|unavailable",
                                     str(error)):
                        wrong.append(error)

        askers = [threading.Thread(target=ask_on) for _ in range(4)]
        for asker in askers:
            asker.start()
        for _ in range(8):
            before = answered[0]
            self.client.load_model("mlp")
            while answered[0] < before + 20:
                self.assertLess(self.ask("cnn", CNN, some((1, 3, 32, 32))), 1e-4)
            self.client.unload_model("mlp")
        stop.set()
        for asker in askers:
            asker.join()
        self.assertEqual(wrong, [])
        self.assertGreater(refused[0], 0)

    def test_of_a_model_with_absent_devices_falls_back_to_those_that_are_there(self):
        for name in ("host_first", "falls_back"):
            self.client.load_model(name)
            self.assertLess(self.ask(name, MLP, some((2, 784))), 1e-4)
        self.assertIn("model 'falls_back': parameter 'devices': 'abacus'", self.server.log())

    def test_makes_the_plans_that_are_to_be_warm_before_the_model_is_ready(self):
        self.client.load_model("warm")
        self.assertEqual(self.server.counted("troika_plans_made_total", "warm"), 4)
        for rows in (1, 2, 3, 4):
            self.assertLess(self.ask("warm", MLP, some((rows, 784))), 1e-4)
        self.assertEqual(self.server.counted("troika_plans_made_total", "warm"), 4)
        self.client.load_model("mlp")
        made = self.server.counted("troika_plans_made_total", "mlp")
        self.assertLess(self.ask("mlp", MLP, some((5, 784))), 1e-4)
        self.assertEqual(self.server.counted("troika_plans_made_total", "mlp"), made + 1)

    def test_completes_a_configuration_that_says_nothing_of_inputs_and_outputs(self):
        config = self.client.get_model_config("cnn", as_json=True)["config"]
        self.assertEqual(config["input"][0]["dims"], ["3", "32", "32"])
        self.assertEqual(config["output"][0]["name"], "y")


if __name__ == "__main__":
    unittest.main()
