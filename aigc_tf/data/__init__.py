"""Data: images, texts and music, found offline first and checked by hash; pipelines; and damage on purpose."""

from aigc_tf.data.chorales import Chorale, load_chorales, quarter_rolls, transposed
from aigc_tf.data.corpora import load_plays, load_text, play_files
from aigc_tf.data.corruption import add_gaussian_noise, binarize, mask_block, mask_pixels
from aigc_tf.data.downloading import CHECKOUT_DATA, FILES, DataFile, download, find_file, keras_cache, sha256_of
from aigc_tf.data.films import Films, film_batches, moving_digits
from aigc_tf.data.image_files import image_files_dataset
from aigc_tf.data.loading import MNIST, VALIDATION, check_images, load_mnist, scale_images
from aigc_tf.data.openmoji import OpenMoji, concepts, group_numbers, load_openmoji, load_openmoji_by_concept
from aigc_tf.data.own_pictures import SAMPLE_PICTURE, digit_from_array, draw_strokes, load_digit
from aigc_tf.data.pipelines import image_dataset, prefetched, with_new_draws
from aigc_tf.data.resizing import enlarge, shrink
from aigc_tf.data.studies import load_study

__all__ = [
    "CHECKOUT_DATA", "FILES", "MNIST", "SAMPLE_PICTURE", "VALIDATION", "Chorale", "DataFile", "Films", "OpenMoji",
    "add_gaussian_noise", "binarize", "check_images", "concepts", "digit_from_array", "download", "draw_strokes",
    "enlarge", "film_batches", "find_file", "group_numbers", "image_dataset", "image_files_dataset", "keras_cache",
    "load_chorales", "load_digit", "load_mnist", "load_openmoji", "load_openmoji_by_concept", "load_plays",
    "load_study", "load_text", "mask_block", "mask_pixels", "moving_digits", "play_files", "prefetched",
    "quarter_rolls", "scale_images", "sha256_of", "shrink", "transposed", "with_new_draws",
]
