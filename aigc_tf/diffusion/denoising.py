"""What a diffusion model can do once it has learnt (chapter 7): draw, repair, vary, encode and denoise images."""

import itertools
import math

import tensorflow as tf

from aigc_tf.core.inputs import as_images, check_count, check_name
from aigc_tf.core.labels import one_hot_labels
from aigc_tf.core.model import Model
from aigc_tf.core.noise import standard_normal
from aigc_tf.diffusion import schedules
from aigc_tf.diffusion.samplers import SAMPLERS, Look, sample
from aigc_tf.diffusion.schedules import sampling_times
from aigc_tf.diffusion.unet import time_features

FIRST_TIME = 1e-3  # where the way into the noise starts: at 0 itself some schedules change infinitely fast
CHUNK = 250  # images that go through the network at a time when nothing is learnt: more would not fit into the caches


def guided(with_label, without, guidance):
    """without + guidance · (with_label − without): 1 is the model as it is, more exaggerates what the label changes.

    Classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598, equation 6, whose w is guidance − 1).
    """
    return without + guidance * (with_label - without)


class DenoisingModel(Model):
    """A model with `average_network`, and with the `image_shape`, `num_classes`, `schedule` and `prediction` it is for.

    The network takes what `network_inputs` gives it, and predicts what the schedule's `prediction` names.
    """

    # -- one look at noisy images --

    def rates(self, times):
        """The schedule at `times`, (batch,), in a shape that multiplies images."""
        return schedules.SCHEDULES[self.schedule](tf.reshape(times, (-1, 1, 1, 1)))

    def _checked(self, images, labels):
        """Images in [−1, 1], and one-hot labels (batch, num_classes) or None: what the network may rely on."""
        images = as_images(images, self.image_shape)
        return 2.0 * images - 1.0, one_hot_labels(labels, self.num_classes, images.shape[0])

    def look(self, one_hot=None, guidance=1.0):
        """The averaged network as a function (noisy, time) → `samplers.Look`, for one label an image, or none."""
        def look(noisy, time):
            strength = None if guidance == 1 or one_hot is None else tf.constant(guidance, tf.float32)
            values = self._predict(noisy, time, one_hot, strength)
            rates = self.rates(time)
            images, noise = schedules.image_and_noise(self.prediction, values, noisy, rates)
            return Look(images, noise, rates.alpha_slope * images + rates.sigma_slope * noise)
        return look

    @tf.function(reduce_retracing=True)
    def _predict(self, noisy, time, one_hot, guidance):
        """What the averaged network says of any number of images at one time, some of them after another."""
        count = tf.shape(noisy)[0]
        padding = -count % CHUNK if count > CHUNK else 0
        chunks = [in_chunks(tensor, padding) for tensor in (noisy, one_hot) if tensor is not None]

        def predict(chunk):
            noisy, one_hot = chunk if len(chunk) > 1 else (chunk[0], None)
            times = tf.fill((tf.shape(noisy)[0],), time)
            values = self.average_network(network_inputs(noisy, times, one_hot))
            if guidance is None:
                return values
            without = self.average_network(network_inputs(noisy, times, tf.zeros_like(one_hot)))
            return guided(values, without, guidance)

        values = tf.map_fn(predict, tuple(chunks), fn_output_signature=tf.float32)
        return tf.reshape(values, (-1, *self.image_shape))[:count]

    # -- the verbs --

    def decode(self, latents, labels=None, *, steps=10, guidance=1.0, sampler="heun", seed=None):
        """Images in [0, 1], (batch, *image_shape), that the way back from pure noise leads to.

        Args:
            latents: standard normal noise, (batch, *image_shape).
            labels: (batch,) integers for a conditional model.
            steps: at least 1; "heun" calls the network twice in each but the last.
            guidance: how much the labels count, at least 0; 1 is the model as it is (`guided`).
            sampler: a name in `samplers.SAMPLERS`.
            seed: of the fresh noise that "ddpm" adds.

        Raises:
            ValueError: for another shape, steps < 1, an unknown sampler, or guidance of a model without labels.
        """
        latents = self._as_noise(latents)
        return self._come_back(latents, sampling_times(checked_steps(steps)), labels, guidance, sampler, seed)

    def generate(self, num_images, *, seed=None, labels=None, steps=10, guidance=1.0, sampler="heun"):
        """New images, float32 (num_images, H, W, C) in [0, 1], decoded from draws of N(0, 1).

        Args and errors are those of `decode`; `seed` gives the same images every time.
        """
        check_count(num_images)
        latents = standard_normal((num_images, *self.image_shape), seed)
        fresh = None if seed is None else (seed, 1)
        return self.decode(latents, labels, steps=steps, guidance=guidance, sampler=sampler, seed=fresh).numpy()

    def encode(self, images, labels=None, *, steps=20, sampler="heun"):
        """The noise (batch, *image_shape) that `decode` makes these images of: the flow, followed the other way.

        Args:
            images: (batch, *image_shape) in [0, 1].
            labels: (batch,) integers for a conditional model.
            steps: at least 1.
            sampler: "ddim", "euler" or "heun", which draw no noise and may walk in both directions.
        """
        check_name("sampler", sampler, ("ddim", "euler", "heun"))
        images, one_hot = self._checked(images, labels)
        times = sampling_times(checked_steps(steps), last=FIRST_TIME)[::-1]
        return sample(self.look(one_hot), self._schedule, images, times, sampler=sampler)

    def vary(self, images, time=0.5, labels=None, *, steps=10, guidance=1.0, sampler="heun", seed=None):
        """Images with noise up to `time` and back: the later the time, the more is new (Meng et al. 2022, SDEdit).

        (arXiv:2108.01073, algorithm 1.)

        Args:
            images: (batch, *image_shape) in [0, 1].
            time: above 0, at most 1, where nothing of the images is left.
        """
        images, _ = self._checked(images, labels)
        time = float(as_times([time])[0])
        if not time:
            raise ValueError(f"time must be above 0, up to 1. Received: {time}")
        noise = standard_normal(tf.shape(images), seed)
        noisy = schedules.diffuse(images, noise, self.rates(tf.constant(time)))
        times = time * sampling_times(checked_steps(steps))
        return self._come_back(noisy, times, labels, guidance, sampler, None if seed is None else (seed, 1))

    def inpaint(self, images, masks, labels=None, *, steps=50, guidance=1.0, sampler="ddpm", seed=None):
        """Images whose hidden pixels are drawn anew, to fit what is seen (Lugmayr et al. 2022, arXiv:2201.09865).

        After each step what is seen is put back, with as much noise as belongs to the time (equation 8).

        Args:
            images: (batch, *image_shape) in [0, 1]; what hidden pixels hold does not matter.
            masks: the same height and width and one channel, (batch, H, W, 1): 1 where a pixel is seen, 0 where hidden.
        """
        scaled, _ = self._checked(images, labels)
        masks = tf.cast(masks, tf.float32)
        if masks.shape != (*scaled.shape[:3], 1) or tf.reduce_any((masks != 0.0) & (masks != 1.0)):
            raise ValueError(
                f"Masks must hold 0 and 1 in the shape {(*scaled.shape[:3], 1)}. Received: shape {tuple(masks.shape)}"
            )
        draw = draws(scaled.shape, None if seed is None else (seed, 2))

        def put_back(noisy, time):
            return masks * schedules.diffuse(scaled, draw(), self.rates(time)) + (1.0 - masks) * noisy

        noise = standard_normal(scaled.shape, seed)
        times = sampling_times(checked_steps(steps))
        return self._come_back(noise, times, labels, guidance, sampler, None if seed is None else (seed, 1), put_back)

    def denoise(self, images, strength=None, labels=None):
        """The mean of all images that these noisy ones may be, in [0, 1]: one look of the network.

        Args:
            images: (batch, *image_shape), each an image in [0, 1] plus `strength` · N(0, 1) in every pixel.
            strength: standard deviation of the noise, above 0; None: found for each image by itself, among 0.02, 0.04,
                …, 1, as the one that is as large as what would be taken away.

        Returns:
            Images in [0, 1], and the strengths, (batch,).
        """
        images = self._as_noise(images)
        one_hot = one_hot_labels(labels, self.num_classes, images.shape[0]) if labels is not None else None
        one_hot = self._any_class(images.shape[0]) if self.num_classes and one_hot is None else one_hot
        if strength is not None and not strength > 0:
            raise ValueError(f"strength must be above 0. Received: {strength}")
        candidates = [strength] if strength is not None else [0.02 * step for step in range(1, 51)]
        cleaned, doubts = [], []
        for candidate in candidates:
            log_snr = tf.constant(-2.0 * math.log(2.0 * candidate))  # of images in [−1, 1], twice as far apart
            time = schedules.time_of(self.schedule, log_snr)
            clean = self.look(one_hot)((2.0 * images - 1.0) * self.rates(time).alpha, time).images
            cleaned.append(to_unit_range(clean))
            removed = tf.sqrt(tf.reduce_mean(tf.square(images - cleaned[-1]), axis=(1, 2, 3)))
            doubts.append(tf.abs(tf.math.log(removed / candidate)))
        best = tf.argmin(doubts, axis=0)
        rows = tf.stack([best, tf.range(images.shape[0], dtype=best.dtype)], axis=1)
        return tf.gather_nd(tf.stack(cleaned), rows), tf.gather(tf.constant(candidates, tf.float32), best)

    # -- behind the verbs --

    def _schedule(self, times):
        return self.rates(times)

    def _as_noise(self, latents):
        """Any finite numbers in the shape of images, as float32."""
        latents = tf.convert_to_tensor(latents, tf.float32)
        if latents.shape[1:] != self.image_shape:
            raise ValueError(f"Noise must have shape (batch, *{self.image_shape}). Received: {tuple(latents.shape)}")
        if not tf.reduce_all(tf.math.is_finite(latents)):
            raise ValueError("Noise must be finite. Received: NaN or infinity")
        return latents

    def _any_class(self, count):
        """Labels that say nothing, as training shows them where it drops them."""
        return tf.zeros((count, self.num_classes))

    def _come_back(self, noisy, times, labels, guidance, sampler, seed, change=None):
        """Images in [0, 1] at the end of the way from times[0] down to 0."""
        check_name("sampler", sampler, SAMPLERS)
        if guidance != 1 and not self.num_classes:
            raise ValueError(f"Guidance needs a model with labels (num_classes). Received: {guidance=}")
        if guidance < 0:
            raise ValueError(f"guidance must be at least 0. Received: {guidance=}")
        one_hot = one_hot_labels(labels, self.num_classes, noisy.shape[0])
        draw = draws(noisy.shape, seed)
        look = self.look(one_hot, guidance)
        return to_unit_range(sample(look, self._schedule, noisy, times, sampler=sampler, draw=draw, change=change))


# ---- small things ----


def network_inputs(noisy, times, one_hot):
    """What `build_unet`'s network takes."""
    inputs = [noisy, time_features(times)]
    return inputs if one_hot is None else [*inputs, one_hot]


def to_unit_range(images):
    """[−1, 1] → [0, 1]; what lies outside is cut off."""
    return tf.clip_by_value(0.5 * (images + 1.0), 0.0, 1.0)


def in_chunks(tensor, padding):
    """(count, …) → (chunks, CHUNK, …), filled up with zeros; one chunk as it is if nothing is to be filled up."""
    tensor = tf.pad(tensor, [(0, padding), *[(0, 0)] * (tensor.shape.rank - 1)])
    size = tf.minimum(tf.shape(tensor)[0], CHUNK)
    return tf.reshape(tensor, tf.concat([[-1, size], tf.shape(tensor)[1:]], axis=0))


def draws(shape, seed):
    """A function that returns new standard normal noise at each call; with a seed the same ones every time."""
    if seed is None:
        return lambda: standard_normal(shape)
    first, second = seed if isinstance(seed, tuple) else (seed, 0)
    number = itertools.count()
    return lambda: standard_normal(shape, (first, second + 1000 * next(number)))


def as_times(times):
    """Times as a float32 tensor.

    Raises:
        ValueError: unless all lie in [0, 1].
    """
    times = tf.convert_to_tensor(times, tf.float32)
    if tf.executing_eagerly() and not tf.reduce_all((times >= 0.0) & (times <= 1.0)):
        raise ValueError(f"Times must lie in [0, 1]. Received: {times.numpy()}")
    return times


def checked_steps(steps):
    """`steps` if there is at least one; ValueError otherwise."""
    if steps < 1:
        raise ValueError(f"steps must be at least 1. Received: {steps=}")
    return steps
