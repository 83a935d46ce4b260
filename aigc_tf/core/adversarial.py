"""Two networks that train against each other: one optimizer for each, which are saved and loaded with the model."""

import keras

from aigc_tf.core.model import Model


class AdversarialModel(Model):
    """A model with the networks `generator` and `discriminator`."""

    generator_optimizer = discriminator_optimizer = None  # until it is compiled

    def compile(self, generator_optimizer, discriminator_optimizer, **kwargs):
        """Gives each network its optimizer; the other arguments are those of `keras.Model.compile`.

        Raises:
            ValueError: if both networks were to share one optimizer object.
        """
        if generator_optimizer is discriminator_optimizer:
            raise ValueError("Each network needs an optimizer of its own. Received: the same object twice")
        super().compile(optimizer=discriminator_optimizer, **kwargs)
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = self.optimizer
        for optimizer, network in (
            (self.generator_optimizer, self.generator), (self.discriminator_optimizer, self.discriminator)
        ):
            if hasattr(optimizer, "build"):  # Keras 2's legacy ones, and so TF Addons', do it at their first step
                optimizer.build(network.trainable_variables)

    def get_compile_config(self):
        """Both optimizers, for `save`; None before `compile`."""
        if self.generator_optimizer is None:
            return None
        names = ("generator_optimizer", "discriminator_optimizer")
        return {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in names}

    def compile_from_config(self, config):
        """Compiles a loaded model as it was when it was saved."""
        self.compile(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})
