"""What the base class gives to every model; the contract tests it on the models themselves."""

import keras
import numpy as np

from aigc_tf.core.model import Model, argument_names, running_means


class Scale(Model):
    """One weight; its losses are known."""

    def __init__(self, start=1.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start
        self.means = running_means("loss", "size")

    def compute_losses(self, first, second=None):
        return {"loss": self.start * first, "size": first if second is None else second}


class Named(Scale):
    """A subclass that hands its arguments on, and has one of its own."""

    def __init__(self, *args, kind="small", **kwargs):
        super().__init__(*args, **kwargs)
        self.kind = kind


class Renamed(Scale):
    def __init__(self, start=2.0, end=3.0, **kwargs):
        super().__init__(start, **kwargs)
        self.end = end


def test_the_configuration_is_the_arguments_by_name():
    assert Scale(start=4.0).get_config()["start"] == 4.0


def test_a_subclass_adds_its_arguments_to_those_that_it_hands_on():
    assert sorted(argument_names(Named)) == ["kind", "start"]
    assert argument_names(Renamed) == ["start", "end"]


def test_means_are_over_all_batches_and_reset():
    model = Scale(2.0)
    model.update_metrics(model.compute_losses(np.array([1.0, 2.0])))
    logs = model.test_step(np.array([6.0]))
    assert {name: float(value) for name, value in logs.items()} == {"loss": 6.0, "size": 3.0}
    model.reset_metrics()
    assert float(model.test_step(np.array([6.0]))["loss"]) == 12.0


def test_a_batch_may_be_a_pair():
    logs = Scale().test_step((np.array([1.0]), np.array([5.0])))
    assert float(logs["size"]) == 5.0


def test_the_means_are_keras_metrics_that_keras_resets():
    assert all(isinstance(mean, keras.metrics.Mean) for mean in Scale().metrics)
