"""Measures of diffusion models: samplers, guidance, bits, drawings."""

import numpy as np
import tensorflow as tf

from aigc_tf import checkpoints, data, metrics
from aigc_tf.core.noise import standard_normal, uniform
from aigc_tf.diffusion import (
    GroupedDiffusion,
    bits_per_dimension,
    level_log_prior,
    likelihood,
    network_calls,
    variational_bound,
)
from aigc_tf.measures.images import needs_labels

STEPS = {  # of each sampler; Heun's method calls the network twice in each but the last
    "ddpm": (1, 2, 4, 8, 20, 50, 250), "euler": (1, 2, 4, 8, 20, 50), "heun": (1, 2, 4, 10, 25),
    "dpm": (1, 2, 4, 8, 20, 50),
}
GUIDANCE = (0, 1, 1.25, 1.5, 2, 3, 5, 10)


def measure_diffusion(model, mnist, count=1000):
    """How samples depend on the sampler, the number of network calls and the guidance, on the validation images.

    Every model is asked for `count` samples from the same latents, labels as frequent as in the training set. Names are
    made of what is measured, the sampler and the calls, as in `frechet_heun_19`; the rest is `measure_guidance`'s.
    Samplers are compared without guidance. (On the flow schedule DDIM is Euler's method.)
    """
    judge = judge_of_samples(model, mnist, count)
    return {
        **{f"frechet_{sampler}_{network_calls(sampler, steps)}": judge(sampler=sampler, steps=steps, guidance=1.0)[0]
           for sampler, several in STEPS.items() for steps in several},
        **(measure_guidance(model, mnist, count) if model.num_classes else {}),
    }


def measure_guidance(model, mnist, count=1000):
    """How the samples of a model with labels or groups depend on the guidance: `recall_guided_2`, and so on."""
    judge, measured = judge_of_samples(model, mnist, count), {}
    for guidance in GUIDANCE:
        distance, precision, recall, accuracy = judge(guidance=guidance)
        measured |= {f"frechet_guided_{guidance}": distance, f"precision_guided_{guidance}": precision,
                     f"recall_guided_{guidance}": recall}
        if needs_labels(model):
            measured[f"accuracy_guided_{guidance}"] = accuracy
    return measured


def judge_of_samples(model, mnist, count):
    """Function (**options of `decode`) → Fréchet distance to the validation images, precision, recall, accuracy."""
    evaluator = checkpoints.load("digit_classifier")
    real, _ = evaluator.features_and_probabilities(data.scale_images(mnist.validation_images))
    labels = mnist.train_labels[:count] if needs_labels(model) else None
    if isinstance(model, GroupedDiffusion):
        labels = model.draw_groups(count, seed=0)
    latents = standard_normal((count, *model.image_shape), seed=0)

    def judge(**options):
        features, probabilities = evaluator.features_and_probabilities(model.decode(latents, labels, seed=0, **options))
        accuracy = None if labels is None else np.mean(probabilities.argmax(axis=1) == labels)
        return (metrics.frechet_distance(real, features), *metrics.precision_recall(real[:count], features), accuracy)

    return judge


def measure_bits(model, mnist, count=500, num_draws=50):
    """Bits for each pixel of 256 grey levels, of the first `count` test images: the model's bound, and the counts'.

    A model with labels is told the right one, so its bound is one on −ln p(image | label). The noise from which the
    levels are named is chosen on as many validation images; before it is seen, levels are as likely as they are at each
    position of the training images.
    """
    prior = level_log_prior(mnist.train_images)

    def bits(images, labels, last):
        one_hot = tf.one_hot(labels[:count], model.num_classes) if model.num_classes else None
        options = {"num_draws": num_draws, "last": last, "log_prior": prior, "seed": 0}
        images = data.scale_images(images[:count])
        bound = variational_bound(model.look(one_hot), model.schedule, images, **options)
        return float(tf.reduce_mean(bits_per_dimension(bound.total, np.prod(model.image_shape))))

    ends = range(4, int(likelihood.MOST) + 1)
    chosen = min(ends, key=lambda last: bits(mnist.validation_images, mnist.validation_labels, last))
    levels = mnist.test_images[:count, ..., None].astype("int64")
    counted = -np.take_along_axis(prior.numpy()[None], levels, axis=-1).mean()  # nats per pixel
    return {"bits_per_pixel": bits(mnist.test_images, mnist.test_labels, chosen), "bits_named_from": chosen,
            "bits_of_counts": bits_per_dimension(counted, 1)}


def measure_drawings(model, drawings, count=500):
    """What a model of OpenMoji knows by heart: its loss on drawings seen and held out, and how near its samples come.

    The loss is the mean over 20 draws of noise and times, with the averaged weights, of the 218 held-out drawings and
    of as many that were trained on (or all of them, if they are fewer), as they stand in the file; times are drawn
    evenly. Distances are Euclidean, of pixels in [0, 1] to the nearest drawing that was trained on. (A few held-out
    drawings have a twin among the others, as a pilot and a man who is one.)
    """
    held_out = data.scale_images(data.load_openmoji(held_out=True).colour)
    seen = data.scale_images(drawings.colour)
    average = type(model).from_config(model.get_config())
    average.network.set_weights(model.average_network.get_weights())
    groups = {"seen": seen[:: max(1, len(seen) // len(held_out))][: len(held_out)], "held_out": held_out}
    losses = {}
    for name, images in groups.items():
        draws = [(standard_normal(images.shape, seed=seed), uniform((len(images),), (seed, 1))) for seed in range(20)]
        losses[f"loss_{name}"] = np.mean([average.compute_losses(images, noise=noise, times=times)["loss"]
                                          for noise, times in draws])
    nearest = {name: metrics.nearest_neighbours(images, seen)[1]
               for name, images in (("samples", model.generate(count, seed=0)), ("held_out", held_out))}
    return {**losses, **{f"median_distance_{name}": np.median(each) for name, each in nearest.items()}}
