"""How good are samples? Metrics of images, pairs and text, and the classifier whose features they are computed on."""

from aigc_tf.metrics.classifier import DigitClassifier
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
from aigc_tf.metrics.pairs import absolute_error, colourfulness, psnr, ssim
from aigc_tf.metrics.text import bits, distinct, known_words, longest_copied_span, perplexity, self_bleu, words_of

__all__ = [
    "DigitClassifier", "absolute_error", "bits", "class_shares", "classifier_score", "colourfulness",
    "density_coverage", "distinct", "frechet_distance", "gaussian_frechet_distance", "kernel_distance", "known_words",
    "longest_copied_span", "nearest_neighbours", "perplexity", "precision_recall", "psnr", "self_bleu", "ssim",
    "wasserstein_distance", "words_of",
]
