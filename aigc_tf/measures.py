"""How checkpoints are measured: functions (model, dataset) → dict of numbers, which the records keep."""

import time

import keras
import numpy as np
import tensorflow as tf

from aigc_tf import checkpoints, data, metrics
from aigc_tf.autoencoder import PCA, squared_error
from aigc_tf.core.noise import standard_normal, uniform
from aigc_tf.diffusion import (
    GroupedDiffusion,
    bits_per_dimension,
    level_log_prior,
    likelihood,
    network_calls,
    variational_bound,
)
from aigc_tf.text import NGramModel, Vocabulary, nats_per_token, split_text
from aigc_tf.vae import VAE, importance_weighted_nll


def measure_autoencoder(model, mnist):
    """Mean squared error per pixel on the test set, ours and PCA's with as many dimensions."""
    train, test = data.scale_images(mnist.train_images), data.scale_images(mnist.test_images)
    pca = PCA(train, model.latent_dim)
    ours = float(tf.reduce_mean(squared_error(test, model.reconstruct(test))))
    baseline = float(tf.reduce_mean(squared_error(test, pca.reconstruct(test))))
    return {"test_mse": ours, "pca_test_mse": baseline, "ratio": ours / baseline}


def measure_vae(model, mnist, num_samples=500):
    """Nats per image on the binarized test set (seed 0): −ELBO, its terms, and the importance-weighted bound.

    The bound on the validation images, if there are any, stands first: it is what a recipe is chosen by.
    """
    measured = {}
    if mnist.validation_images is not None:
        images = data.binarize(data.scale_images(mnist.validation_images), seed=0)
        labels = tf.constant(mnist.validation_labels) if model.num_classes else None
        nll = importance_weighted_nll(model, images, num_samples, seed=0, labels=labels)
        measured[f"validation_iw_nll_{num_samples}"] = float(nll.mean())
    test = data.binarize(data.scale_images(mnist.test_images), seed=0)
    labels = tf.constant(mnist.test_labels) if model.num_classes else None
    keras.utils.set_random_seed(0)
    losses = VAE.compute_losses(model, test, labels)  # an IWAE trains on another loss
    nll = importance_weighted_nll(model, test, num_samples, seed=0, labels=labels)
    return {
        **measured,
        "test_negative_elbo": float(tf.reduce_mean(losses["reconstruction"] + losses["kl"])),
        "test_reconstruction": float(tf.reduce_mean(losses["reconstruction"])),
        "test_kl": float(tf.reduce_mean(losses["kl"])),
        f"test_iw_nll_{num_samples}": float(nll.mean()),
        f"test_iw_nll_{num_samples}_every_10th": float(nll[::10].mean()),
        "iw_nll_standard_error": float(nll.std() / len(nll) ** 0.5),
    }


def measure_classifier(model, mnist):
    """Accuracy on the test set, and the floors: every metric of real training images against the test set."""
    test, train = data.scale_images(mnist.test_images), data.scale_images(mnist.train_images)
    features, probabilities = model.features_and_probabilities(test)
    chosen = np.random.default_rng(0).permutation(len(train))[: len(test)]
    accuracy = np.mean(probabilities.argmax(axis=1) == mnist.test_labels)
    floors = sample_metrics(features, *model.features_and_probabilities(train[chosen]))
    return {"test_accuracy": accuracy, "test_score": metrics.classifier_score(probabilities), **floors}


def sample_metrics(real_features, features, probabilities):
    """Every metric of samples against real images, from what the evaluator says of both, by name."""
    precision, recall = metrics.precision_recall(real_features, features)
    density, coverage = metrics.density_coverage(real_features, features)
    return {
        "frechet_distance": metrics.frechet_distance(real_features, features),
        "kernel_distance": metrics.kernel_distance(real_features, features),
        "classifier_score": metrics.classifier_score(probabilities),
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
        "smallest_class_share": metrics.class_shares(probabilities).min(),
    }


def needs_labels(model):
    """Whether `generate` must be told labels: those of a `GroupedDiffusion` are its own."""
    return getattr(model, "num_classes", None) is not None and not isinstance(model, GroupedDiffusion)


def measure_samples(model, mnist):
    """The metrics of as many samples as there are test images, and the seconds that 1,000 samples take.

    The Fréchet distance of 5,000 samples to the validation images, if there are any, is what a recipe is chosen by.
    """
    evaluator = checkpoints.load("digit_classifier")
    test = data.scale_images(mnist.test_images)
    labels = mnist.train_labels[: len(test)] if needs_labels(model) else None
    asked = {} if labels is None else {"labels": labels}  # classes as frequent as in the training set
    images = model.generate(len(test), seed=0, **asked)
    features, probabilities = evaluator.features_and_probabilities(images)
    measured = sample_metrics(evaluator.features_and_probabilities(test)[0], features, probabilities)
    if mnist.validation_images is not None:
        validation, _ = evaluator.features_and_probabilities(data.scale_images(mnist.validation_images))
        measured["validation_frechet_distance"] = metrics.frechet_distance(validation, features[: len(validation)])
    if labels is not None:
        measured["accuracy_on_demand"] = np.mean(probabilities.argmax(axis=1) == labels)
    _, to_training = metrics.nearest_neighbours(images[:1000], data.scale_images(mnist.train_images))
    thousand = {} if labels is None else {"labels": np.resize(labels, 1000)}
    start = time.perf_counter()
    model.generate(1000, seed=0, **thousand)
    seconds = time.perf_counter() - start
    return {**measured, "median_distance_to_training": np.median(to_training), "seconds_per_1000": seconds}


def frechet_to_validation(model, mnist, count=1000, **options):
    """The Fréchet distance of so many samples to the validation images, classes as frequent as in the training set.

    `options` go to `generate`. Of 1,000 samples it comes out higher than of 10,000: compare it with itself alone.
    """
    evaluator = checkpoints.load("digit_classifier")
    asked = {"labels": mnist.train_labels[:count]} if needs_labels(model) else {}
    images = model.generate(count, seed=0, **asked, **options)
    real, _ = evaluator.features_and_probabilities(data.scale_images(mnist.validation_images))
    return metrics.frechet_distance(real, evaluator.features_and_probabilities(images)[0])


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


def measure_text(model, text):
    """Nats per character on the last tenth of the text, beside the 5-gram's, and what 20 written pages are like."""
    train, test = split_text(text)
    nats = -float(np.sum(model.log_prob(test), dtype="float64")) / (len(test) - 1)  # per character, not per token
    five_gram = -float(np.mean(NGramModel(5, Vocabulary.of(text)).fit(train).log_prob(test)))
    prompts = ["\n\n"] * 20
    start = time.perf_counter()
    pages = [page.strip() for page in model.generate(prompts, 1000, temperature=0.8, seed=0)]
    seconds = time.perf_counter() - start
    return {
        "test_nats": nats,
        "test_bits": metrics.bits(nats),
        "five_gram_test_nats": five_gram,
        "known_words": np.mean([metrics.known_words(page, train) for page in pages]),
        "longest_copied_span": max(len(metrics.longest_copied_span(page, train)) for page in pages),
        "distinct_2": metrics.distinct(pages, 2),
        "self_bleu_4": metrics.self_bleu(pages, 4),
        "characters_per_second": 1000 * len(pages) / seconds,
    }


def measure_windows(model, text, window=256):
    """Nats per token of the last tenth of the text in windows read from no context, as nanoGPT reports them."""
    return {f"test_nats_windows_{window}": nats_per_token(model, split_text(text)[1], window)}


def nats_of_a_page(model, text, count=20_000):
    """Nats per token of the first `count` characters of the last tenth of the text, which recipes never train on."""
    return nats_per_token(model, split_text(text)[1][:count])


def measure_all(*measures):
    """One measurement made of several."""
    return lambda model, dataset: {key: value for each in measures for key, value in each(model, dataset).items()}
