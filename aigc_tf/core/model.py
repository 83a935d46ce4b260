"""What every model of the course does alike. Losses, `train_step` and networks stay in the models' own files."""

import inspect

import keras

from aigc_tf.core.inputs import unpack


class Model(keras.Model):
    """A `keras.Model` whose subclass has `compute_losses`, `train_step`, and a list `means` of the terms it reports.

    A subclass keeps each argument of its constructor, a plain number, string or list, in an attribute of the same name.
    """

    def get_config(self):
        """The constructor's arguments by name, so that `from_config` builds an equal model."""
        return {**super().get_config(), **{name: getattr(self, name) for name in argument_names(type(self))}}

    @property
    def metrics(self):
        """The running means, which Keras resets at the start of every epoch and evaluation."""
        return self.means

    def test_step(self, data):
        """The losses of a batch of `(first, second)` or `first` alone, with nothing learning."""
        return self.update_metrics(self.compute_losses(*unpack(data)))

    def update_metrics(self, losses):
        """Adds a batch of losses, {name: (batch,)}, to the epoch's means, and returns the means so far."""
        for metric in self.metrics:
            metric.update_state(losses[metric.name])
        return {metric.name: metric.result() for metric in self.metrics}


def argument_names(model):
    """Names of the arguments that a class derived from `Model`, and those between, take by name."""
    constructors = [each.__init__ for each in model.__mro__ if issubclass(each, Model) and each is not Model]
    arguments = [each for constructor in constructors for each in inspect.signature(constructor).parameters.values()]
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    named = [each.name for each in arguments if each.kind in by_name and each.name != "self"]
    return list(dict.fromkeys(named))


def running_means(*names):
    """A `keras.metrics.Mean` for each name."""
    return [keras.metrics.Mean(name=name) for name in names]
