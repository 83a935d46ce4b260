"""How checkpoints are measured: functions (model, dataset) → dict of numbers, which the records keep."""

from aigc_tf.measures.diffusion import measure_bits, measure_diffusion, measure_drawings, measure_guidance
from aigc_tf.measures.images import (
    frechet_to_validation,
    measure_autoencoder,
    measure_classifier,
    measure_samples,
    measure_vae,
)
from aigc_tf.measures.music import measure_infill, measure_writer, nats_of_pieces, nats_of_validation, validation_loss
from aigc_tf.measures.texts import (
    measure_answers,
    measure_lines,
    measure_preferred,
    measure_text,
    measure_windows,
    nats_of_a_page,
    nats_of_answers,
)
from aigc_tf.measures.together import measure_all
from aigc_tf.measures.translations import (
    colouring_distance,
    measure_colouring,
    measure_cycle,
    measure_enlarging,
    measure_groups,
    measure_nearness,
    measure_redrawn,
    measure_style,
    validation_redrawing_error,
)

__all__ = [
    "colouring_distance", "frechet_to_validation", "measure_all", "measure_answers", "measure_autoencoder",
    "measure_bits", "measure_classifier", "measure_colouring", "measure_cycle", "measure_diffusion",
    "measure_drawings", "measure_enlarging", "measure_groups", "measure_guidance", "measure_infill", "measure_lines",
    "measure_nearness", "measure_preferred", "measure_redrawn", "measure_samples", "measure_style", "measure_text",
    "measure_vae", "measure_windows", "measure_writer", "nats_of_a_page", "nats_of_answers", "nats_of_pieces",
    "nats_of_validation", "validation_loss", "validation_redrawing_error",
]
