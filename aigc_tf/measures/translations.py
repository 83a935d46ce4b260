"""Measures of chapter 8's models: how near images come to their targets, and how much they look like real ones."""

import time

import numpy as np

from aigc_tf import checkpoints, data, metrics
from aigc_tf.autoencoder import PCA
from aigc_tf.data import pictures
from aigc_tf.image_to_image import stylise
from aigc_tf.metrics.classifier import pooled_features


def measure_groups(model, parts):
    """Accuracy of a classifier of OpenMoji's groups, the share of the largest group, and the distances' floor.

    The floor is the Fréchet distance of as many training drawings as there are to be tested, the mean of ten draws.
    """
    train, validation, test = parts
    seen = pooled_features(model, data.scale_images(train.colour))
    measured = {}
    for name, part in (("validation", validation), ("test", test)):
        labels = data.group_numbers(part)
        images = data.scale_images(part.colour)
        features, probabilities = pooled_features(model, images), model.features_and_probabilities(images)[1]
        draws = [np.random.default_rng(seed).permutation(len(seen))[: len(features)] for seed in range(10)]
        floors = [1000 * metrics.frechet_distance(features, seen[draw]) for draw in draws]
        measured |= {
            f"{name}_accuracy": np.mean(probabilities.argmax(axis=1) == labels),
            f"{name}_largest_group": np.bincount(labels).max() / len(labels),
            f"{name}_frechet_floor": np.mean(floors),
        }
    return measured


def measure_nearness(images, targets, evaluator=None):
    """L1 error, PSNR of the mean squared error in dB, SSIM, and, with an evaluator, Fréchet distance and colourfulness.

    The distance is 1,000 times that of `pooled_features`, and so is every distance here.

    Args:
        images, targets: (N, H, W, C) in [0, 1], what a model makes of sources, and what they should become.
        evaluator: a `DigitClassifier`, or None.
    """
    errors = np.square(images - targets).mean()
    measured = {
        "l1": metrics.absolute_error(images, targets).mean(),
        "psnr": -10 * np.log10(errors),
        "ssim": metrics.ssim(images, targets).mean(),
    }
    if evaluator is not None:
        features = [pooled_features(evaluator, each) for each in (images, targets)]
        measured["frechet_distance"] = 1000 * metrics.frechet_distance(*features)
        measured["colourfulness"] = metrics.colourfulness(images).mean()
    return measured


def measure_colouring(model, parts):
    """How a model colours the outlines of the validation and the test drawings, and the seconds for the latter."""
    evaluator = checkpoints.load("group_classifier")
    measured = {}
    for name, part in zip(("validation", "test"), parts[1:]):
        outlines = data.scale_images(part.outline)
        start = time.perf_counter()
        images = translated(model, outlines)
        seconds = time.perf_counter() - start
        nearness = measure_nearness(images, data.scale_images(part.colour), evaluator)
        measured |= {f"{name}_{key}": value for key, value in nearness.items()}
    return {**measured, "seconds_for_test": seconds}


def translated(model, outlines):
    """What a model makes of outlines, which it takes with one channel or with three; with seed 0 if it draws."""
    channels = getattr(model, "source_shape", getattr(model, "image_shape", None))[-1]
    options = {"seed": 0} if hasattr(model, "sampler") else {}
    return model.translate(np.repeat(outlines, channels, axis=-1), **options)


def measure_cycle(model, parts):
    """What a CycleGAN does in both directions: how it colours, what its outlines are like, and what hides in them.

    `cycle_l1` is the error of colours that went to an outline and back; `cycle_l1_rounded` the same when the outlines
    in between were rounded to eight grey levels, and `cycle_l1_black` when they were rounded to black and white, which
    is what an outline is. If the last is much larger, the colours were hidden in shades that outlines do not have.
    """
    measured = measure_colouring(model, parts)
    for name, part in zip(("validation", "test"), parts[1:]):
        outlines, colours = np.repeat(data.scale_images(part.outline), 3, axis=-1), data.scale_images(part.colour)
        drawn = model.translate_back(colours)
        rounded, black = np.round(7 * drawn) / 7, np.round(drawn)
        measured |= {
            f"{name}_outline_l1": metrics.absolute_error(drawn, outlines).mean(),
            f"{name}_cycle_l1": metrics.absolute_error(model.translate(drawn), colours).mean(),
            f"{name}_cycle_l1_rounded": metrics.absolute_error(model.translate(rounded), colours).mean(),
            f"{name}_cycle_l1_black": metrics.absolute_error(model.translate(black), colours).mean(),
        }
    return measured


def colouring_distance(model, parts):
    """Fréchet distance of the coloured validation outlines to the drawings: the curve of a training."""
    part, evaluator = parts[1], checkpoints.load("group_classifier")
    images = translated(model, data.scale_images(part.outline))
    return measure_nearness(images, data.scale_images(part.colour), evaluator)["frechet_distance"]


def measure_enlarging(model, parts):
    """How a model enlarges the shrunk validation and test drawings, beside bicubic interpolation."""
    measured = {}
    for name, part in zip(("validation", "test"), parts[1:]):
        targets = data.scale_images(part.colour)
        factor = targets.shape[1] // model.source_shape[0]
        small = data.shrink(targets, factor)
        for key, images in (("", model.translate(small)), ("_bicubic", data.enlarge(small, factor).numpy())):
            nearness = measure_nearness(images, targets)
            measured |= {f"{name}{key}_{measure}": value for measure, value in nearness.items()}
    return measured


def measure_redrawn(model, parts):
    """Mean squared error of redrawn drawings, a PCA's with as many numbers beside it, and the samples' distances.

    `train_mse` is that of as many training drawings as there are to be tested; distances are of as many samples as the
    part has drawings.
    """
    evaluator = checkpoints.load("group_classifier")
    train, validation, test = (data.scale_images(part.colour) for part in parts)
    pca = PCA(train, model.latent_dim)
    measured = {"train_mse": redrawing_error(model, train[: len(test)])}
    for name, images in (("validation", validation), ("test", test)):
        samples = model.generate(len(images), seed=0)
        features = [pooled_features(evaluator, each) for each in (samples, images)]
        measured |= {
            f"{name}_mse": redrawing_error(model, images),
            f"{name}_pca_mse": redrawing_error(pca, images),
            f"{name}_frechet_distance": 1000 * metrics.frechet_distance(*features),
        }
    return measured


def redrawing_error(model, images):
    """Mean squared error per number of what a model's `reconstruct` makes of images in [0, 1]."""
    return float(np.square(model.reconstruct(images) - images).mean())


def validation_redrawing_error(model, parts):
    """That of the validation drawings: the curve of a training."""
    return redrawing_error(model, data.scale_images(parts[1].colour))


def measure_style(model, parts, steps=200):
    """How well and how fast a network paints, beside `stylise` with the same style, features and content weight.

    Losses of one photograph and of eight pages of held-out drawings, after so many steps and as the network paints
    them; the steps after which the optimised photograph is as good; and milliseconds of a step and of the network.
    """
    photo = pictures.load_photo()
    measured = {}
    pages = data.scale_images(parts[1].colour[:32]).reshape((8, 2, 2, 64, 64, 3)).transpose((0, 1, 3, 2, 4, 5))
    for name, images in (("photo", photo[np.newaxis]), ("pages", pages.reshape((8, 128, 128, 3)))):
        losses = model.compute_losses(images)
        measured |= {f"{name}_{key}": float(np.mean(values)) for key, values in losses.items()}
    options = {"content_weight": model.content_weight, "scales": model.scales}
    seconds = {}
    for count in (1, steps):  # each call compiles its step: what the longer one takes more is the steps' own
        start = time.perf_counter()
        painted = stylise(photo, pictures.paint_strokes(), model.features, steps=count, every=5, **options)
        seconds[count] = time.perf_counter() - start
    step_seconds = (seconds[steps] - seconds[1]) / (steps - 1)
    reached = painted.losses["loss"] <= measured["photo_loss"]
    model.translate(photo[np.newaxis])
    times = []
    for _ in range(20):
        start = time.perf_counter()
        model.translate(photo[np.newaxis])
        times.append(time.perf_counter() - start)
    return {
        **measured,
        "photo_loss_before": painted.losses["loss"][0],
        "photo_loss_optimised": painted.losses["loss"][-1],
        "steps_to_be_as_good": 5 * int(np.argmax(reached)) if reached.any() else steps,
        "milliseconds_of_a_step": 1000 * step_seconds,
        "milliseconds_of_the_network": 1000 * np.median(times),
        "times_as_fast": steps * step_seconds / np.median(times),
    }
