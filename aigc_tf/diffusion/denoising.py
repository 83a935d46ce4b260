"""What a diffusion model can do once it has learnt (chapter 7): draw, repair, vary, encode and denoise images."""

import math

import tensorflow as tf

from aigc_tf.core.inputs import as_images, check_count, check_name
from aigc_tf.core.labels import one_hot_labels
from aigc_tf.core.model import Model
from aigc_tf.core.noise import standard_normal
from aigc_tf.diffusion import inputs, schedules
from aigc_tf.diffusion.samplers import SAMPLERS, Look, sample
from aigc_tf.diffusion.schedules import sampling_times, with_returns

FIRST_TIME = 0.01  # where the way into the noise starts: before that training hardly ever looks


class DenoisingModel(Model):
    """A model with `average_network`, and with the `image_shape`, `num_classes`, `schedule` and `prediction` it is for.

    The network takes what `network_inputs` gives it, and predicts what the schedule's `prediction` names. `steps`,
    `sampler` and `guidance` are how the model draws unless it is told otherwise.
    """

    # -- one look at noisy images --

    def rates(self, times):
        """The schedule at `times`, (batch,), in a shape that multiplies images."""
        return schedules.SCHEDULES[self.schedule](tf.reshape(times, (-1, 1, 1, 1)))

    def _checked(self, images, labels):
        """Images in [−1, 1], and one-hot labels (batch, num_classes) or None: what the network may rely on."""
        images = self._scaled(images)
        return images, one_hot_labels(labels, self.num_classes, images.shape[0])

    def _scaled(self, images):
        """Images, checked, in [−1, 1]."""
        return 2.0 * as_images(images, self.image_shape) - 1.0

    def _one_hot(self, labels, count):
        """One-hot labels for a verb, or None: any class."""
        return None if labels is None else one_hot_labels(labels, self.num_classes, count)

    def look(self, one_hot=None, guidance=1.0):
        """The averaged network as a function (noisy, time) → `samplers.Look`.

        Args:
            one_hot: (batch, num_classes), one label for each image, or None: any class.
            guidance: at least 0; 1 is the model as it is (`guided`).

        Raises:
            ValueError: for guidance of a model without labels, or guidance that is negative or not finite.
        """
        inputs.check_guidance(guidance, one_hot is not None)
        strength = None if guidance == 1 else tf.constant(guidance, tf.float32)

        def look(noisy, time):
            time = tf.cast(time, tf.float32)
            any_class = tf.zeros((tf.shape(noisy)[0], self.num_classes)) if self.num_classes else None
            labels = any_class if one_hot is None else one_hot
            values = self._predict(self.average_network, noisy, time, labels, strength)
            rates = self.rates(time)
            images, noise = schedules.image_and_noise(self.prediction, values, noisy, rates)
            return Look(images, noise, rates.alpha_slope * images + rates.sigma_slope * noise)

        return look

    @tf.function(reduce_retracing=True)
    def _predict(self, network, noisy, time, one_hot, guidance):
        """What a network says of any number of images at one time, some of them after another."""
        count = tf.shape(noisy)[0]
        padding = -count % inputs.CHUNK if count > inputs.CHUNK else 0
        chunks = [inputs.in_chunks(tensor, padding) for tensor in (noisy, one_hot) if tensor is not None]

        def predict(chunk):
            noisy, one_hot = chunk if len(chunk) > 1 else (chunk[0], None)
            times = tf.fill((tf.shape(noisy)[0],), time)
            values = network(inputs.network_inputs(noisy, times, one_hot))
            if guidance is None:
                return values
            without = network(inputs.network_inputs(noisy, times, tf.zeros_like(one_hot)))
            return inputs.guided(values, without, guidance)

        values = tf.map_fn(predict, tuple(chunks), fn_output_signature=tf.float32, parallel_iterations=1)
        return tf.reshape(values, (-1, *self.image_shape))[:count]

    # -- the verbs --

    def decode(self, latents, labels=None, *, steps=None, guidance=None, sampler=None, seed=None):
        """Images in [0, 1], (batch, *image_shape), that the way back from pure noise leads to.

        Args:
            latents: standard normal noise, (batch, *image_shape).
            labels: (batch,) integers for a conditional model; None: any class.
            steps: at least 1; "heun" calls the network twice in each but the last. The model's own if None.
            guidance: how much the labels count, at least 0; 1 is the model as it is (`guided`). The model's own if
                None, without labels 1.
            sampler: a name in `samplers.SAMPLERS`; the model's own if None.
            seed: of the fresh noise that "ddpm" adds.

        Raises:
            ValueError: for another shape, steps < 1, an unknown sampler, or guidance of a model without labels.
        """
        times = self._times(steps)
        return self._come_back(self.as_noise(latents), times, labels, guidance, sampler, seed)

    def generate(self, num_images, *, seed=None, labels=None, steps=None, guidance=None, sampler=None):
        """New images, float32 (num_images, H, W, C) in [0, 1], decoded from draws of N(0, 1).

        Args and errors are those of `decode`, but a conditional model needs labels here; `seed` gives the same images
        every time.
        """
        check_count(num_images)
        one_hot_labels(labels, self.num_classes, num_images)
        latents = standard_normal((num_images, *self.image_shape), seed)
        return self.decode(latents, labels, steps=steps, guidance=guidance, sampler=sampler, seed=seed).numpy()

    def encode(self, images, labels=None, *, steps=20, sampler="heun"):
        """The noise (batch, *image_shape) that `decode` makes these images of: the flow, followed the other way.

        Args:
            images: (batch, *image_shape) in [0, 1].
            labels: (batch,) integers for a conditional model; None: any class.
            steps: at least 1.
            sampler: "ddim", "euler" or "heun", which draw no noise and may walk in both directions; "heun" calls the
                network twice in each step.

        Raises:
            ValueError: for bad images or labels, another sampler, or a network that predicts images: of an image with
                next to no noise it does not say what the noise is.
        """
        check_name("sampler", sampler, ("ddim", "euler", "heun"))
        if self.prediction == "image":
            raise ValueError('encode needs a network that says what the noise is. Received: prediction="image"')
        images = self._scaled(images)
        times = sampling_times(steps, last=FIRST_TIME)[::-1]
        return sample(self.look(self._one_hot(labels, images.shape[0])), self._schedule, images, times, sampler=sampler)

    def vary(self, images, time=0.5, labels=None, *, steps=None, guidance=None, sampler=None, seed=None):
        """Images with noise up to `time` and back: the later the time, the more is new (Meng et al. 2022, SDEdit).

        (arXiv:2108.01073, algorithm 1, by any sampler here; the paper takes a random walk.)

        Args:
            images: (batch, *image_shape) in [0, 1].
            time: above 0, at most 1, where nothing of the images is left.

        Further arguments and errors are those of `decode`.
        """
        images = self._scaled(images)
        time = float(inputs.as_times([time], 1)[0])
        if not time:
            raise ValueError(f"time must be above 0, up to 1. Received: {time}")
        noise = standard_normal(tf.shape(images), seed)
        noisy = schedules.diffuse(images, noise, self.rates(tf.constant(time)))
        return self._come_back(noisy, time * self._times(steps), labels, guidance, sampler, seed)

    def inpaint(self, images, masks, labels=None, *, steps=20, repeats=5, guidance=None, seed=None):
        """Images whose hidden pixels are drawn anew, to fit what is seen (Lugmayr et al. 2022, arXiv:2201.09865).

        After each step of a random walk what is seen is put back, with as much noise as belongs to the time (equation
        8). Each step is taken `repeats` times, so that both parts come to fit each other (section 4.2).

        Args:
            images: (batch, *image_shape) in [0, 1]; within that range it does not matter what hidden pixels hold.
            masks: the same height and width and one channel, (batch, H, W, 1): 1 where a pixel is seen, 0 where hidden.
            steps: at least 1.
            repeats: at least 1; the network is called steps · repeats times.

        Further arguments and errors are those of `decode`.
        """
        scaled = self._scaled(images)
        masks = tf.cast(masks, tf.float32)
        if masks.shape != (*scaled.shape[:3], 1) or tf.reduce_any((masks != 0.0) & (masks != 1.0)):
            raise ValueError(
                f"Masks must hold 0 and 1 in the shape {(*scaled.shape[:3], 1)}. Received: shape {tuple(masks.shape)}"
            )
        draw = inputs.draws(scaled.shape, seed, purpose=2)

        def put_back(noisy, time):
            return masks * schedules.diffuse(scaled, draw(), self.rates(time)) + (1.0 - masks) * noisy

        noise = standard_normal(scaled.shape, seed)
        times = with_returns(sampling_times(steps), repeats)
        return self._come_back(noise, times, labels, guidance, "ddpm", seed, put_back)

    def denoise(self, images, strength=None, labels=None):
        """The mean of all images that these noisy ones may be, in [0, 1]: one look of the network.

        Args:
            images: (batch, *image_shape) floats, each an image in [0, 1] plus `strength` · N(0, 1) in every pixel.
            strength: standard deviation of the noise, above 0; None: found for each image by itself, by fifty looks,
                among 0.02, 0.04, …, 1, as the one that is as large as what would be taken away.
            labels: (batch,) integers for a conditional model, or None: any class.

        Returns:
            Images in [0, 1], and the strengths, (batch,).

        Raises:
            ValueError: for another shape, values that are no finite floats, bad labels, or a strength of 0 or less.
        """
        images = self.as_noise(images, "Noisy images")
        one_hot = self._one_hot(labels, images.shape[0])
        if strength is not None and not strength > 0:
            raise ValueError(f"strength must be above 0. Received: {strength}")
        candidates = [strength] if strength is not None else [0.02 * step for step in range(1, 51)]
        cleaned, doubts = [], []
        for candidate in candidates:
            log_snr = tf.constant(-2.0 * math.log(2.0 * candidate))  # of images in [−1, 1], twice as far apart
            time = schedules.time_of(self.schedule, log_snr)
            clean = self.look(one_hot)((2.0 * images - 1.0) * self.rates(time).alpha, time).images
            cleaned.append(inputs.to_unit_range(clean))
            removed = tf.sqrt(tf.reduce_mean(tf.square(images - cleaned[-1]), axis=(1, 2, 3)))
            doubts.append(tf.abs(tf.math.log(removed / candidate)))
        best = tf.argmin(doubts, axis=0)
        rows = tf.stack([best, tf.range(images.shape[0], dtype=best.dtype)], axis=1)
        return tf.gather_nd(tf.stack(cleaned), rows), tf.gather(tf.constant(candidates, tf.float32), best)

    # -- behind the verbs --

    def _schedule(self, times):
        return self.rates(times)

    def as_noise(self, values, what="Noise"):
        """Finite floats in the shape of images, as float32; ValueError otherwise (outside of `tf.function` for NaN)."""
        values = tf.convert_to_tensor(values)
        if values.shape.rank == 0 or values.shape[1:] != self.image_shape:
            raise ValueError(f"{what} must have shape (batch, *{self.image_shape}). Received: {tuple(values.shape)}")
        if not values.dtype.is_floating:
            raise ValueError(f"{what} must be floats. Received: {values.dtype.name}")
        if tf.executing_eagerly() and not tf.reduce_all(tf.math.is_finite(values)):
            raise ValueError(f"{what} must be finite. Received: NaN or infinity")
        return tf.cast(values, tf.float32)

    def _times(self, steps):
        return sampling_times(self.steps if steps is None else steps)

    def _come_back(self, noisy, times, labels, guidance, sampler, seed, change=None):
        """Images in [0, 1] at the end of the way from times[0] down to 0."""
        sampler = self.sampler if sampler is None else sampler
        check_name("sampler", sampler, SAMPLERS)
        if guidance is None:
            guidance = 1.0 if labels is None else self.guidance
        one_hot = self._one_hot(labels, noisy.shape[0])
        draw = inputs.draws(noisy.shape, seed, purpose=1)
        look = self.look(one_hot, guidance)
        images = sample(look, self._schedule, noisy, times, sampler=sampler, draw=draw, change=change)
        return inputs.to_unit_range(images)
