"""Measures of autoencoders, VAEs, the classifier, and of any model's samples."""

import time

import keras
import numpy as np
import tensorflow as tf

from aigc_tf import checkpoints, data, metrics
from aigc_tf.autoencoder import PCA, squared_error
from aigc_tf.diffusion import GroupedDiffusion
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
