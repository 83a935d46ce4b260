"""How good are samples? Metrics of images, pairs and text, and the classifier whose features they are computed on."""

from aigc_tf.metrics.classifier import DigitClassifier
from aigc_tf.metrics.films import centre_error, readable, speed, squared_error_curve, ssim_curve, track
from aigc_tf.metrics.images import (
    class_shares,
    classifier_score,
    density_coverage,
    frechet_distance,
    gaussian_frechet_distance,
    kernel_distance,
    nearest_neighbours,
    precision_recall,
    wasserstein_distance,
)
from aigc_tf.metrics.pairs import absolute_error, colourfulness, psnr, squared_error, ssim
from aigc_tf.metrics.text import bits, distinct, known_words, longest_copied_span, perplexity, self_bleu, words_of

__all__ = [
    "DigitClassifier", "absolute_error", "bits", "centre_error", "class_shares", "classifier_score", "colourfulness",
    "density_coverage", "distinct", "frechet_distance", "gaussian_frechet_distance", "kernel_distance", "known_words",
    "longest_copied_span", "nearest_neighbours", "perplexity", "precision_recall", "psnr", "readable", "self_bleu",
    "speed", "squared_error", "squared_error_curve", "ssim", "ssim_curve", "track", "wasserstein_distance", "words_of",
]
