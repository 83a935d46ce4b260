"""How checkpoints are measured: functions (model, dataset) → dict of numbers, which the records keep."""

from aigc_tf.measures.diffusion import measure_bits, measure_diffusion, measure_drawings, measure_guidance
from aigc_tf.measures.images import (
    frechet_to_validation,
    measure_autoencoder,
    measure_classifier,
    measure_samples,
    measure_vae,
)
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

__all__ = [
    "frechet_to_validation", "measure_all", "measure_answers", "measure_autoencoder", "measure_bits",
    "measure_classifier", "measure_diffusion", "measure_drawings", "measure_guidance", "measure_lines",
    "measure_preferred", "measure_samples", "measure_text", "measure_vae", "measure_windows", "nats_of_a_page",
    "nats_of_answers",
]
