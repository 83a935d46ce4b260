"""Fine-tuning and alignment (chapter 6): read `adapters`, `model`, `instructions`, `rewards`, then `preferences`."""

from aigc_tf.finetuning.adapters import AdapterDense, LoRADense, PrefixAttention
from aigc_tf.finetuning.help_texts import in_known_characters, load_help_texts
from aigc_tf.finetuning.instructions import (
    END,
    Demands,
    Example,
    answer_arrays,
    answer_windows,
    compliance,
    examples_of,
    length_of,
    load_instructions,
    mean_compliance,
    read_instruction,
    split_plays,
    write_answers,
    write_instruction,
)
from aigc_tf.finetuning.model import METHODS, AdaptedTransformer, trained_share
from aigc_tf.finetuning.names import invented_name, renamed
from aigc_tf.finetuning.preferences import (
    DPO,
    answer_log_probs,
    dpo_loss,
    kl_to_reference,
    preference_windows,
    reinforce_loss,
    write_preferences,
)
from aigc_tf.finetuning.rewards import (
    Preference,
    best_of,
    copied_share,
    demands_met,
    preferences_of,
    repeated_share,
    reward,
    sample_answers,
)

__all__ = [
    "DPO", "END", "METHODS", "AdaptedTransformer", "AdapterDense", "Demands", "Example", "LoRADense", "Preference",
    "PrefixAttention", "answer_arrays", "answer_log_probs", "answer_windows", "best_of", "compliance",
    "copied_share", "demands_met", "dpo_loss", "examples_of", "in_known_characters", "invented_name",
    "kl_to_reference", "length_of", "load_help_texts", "load_instructions", "mean_compliance", "preference_windows",
    "preferences_of", "read_instruction", "reinforce_loss", "renamed", "repeated_share", "reward", "sample_answers",
    "split_plays", "trained_share", "write_answers", "write_instruction", "write_preferences",
]
