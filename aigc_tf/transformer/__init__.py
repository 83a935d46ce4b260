"""Transformers (chapter 5): read `attention`, `block`, `model`, then `tokenizer`."""

from aigc_tf.transformer.attention import (
    SelfAttention,
    attend,
    attention_weights,
    causal_mask,
    rms_norm,
    rotate,
    sinusoids,
)
from aigc_tf.transformer.model import TransformerLanguageModel
from aigc_tf.transformer.tokenizer import PieceVocabulary, learn_pieces

__all__ = [
    "PieceVocabulary", "SelfAttention", "TransformerLanguageModel", "attend", "attention_weights", "causal_mask",
    "learn_pieces", "rms_norm", "rotate", "sinusoids",
]
