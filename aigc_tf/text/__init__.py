"""Language models: read `vocabulary`, `batches`, `ngram`, `recurrent`, `lstm`, `evaluation`, `decoding` (chapter 4).

Then `lines` and `sentence_vae` (chapter 4b).
"""

from aigc_tf.text.batches import random_windows, split_text, streams, windows
from aigc_tf.text.decoding import adjust_logits, ban_repeats, beam_search, sample, sample_tokens
from aigc_tf.text.evaluation import nats_per_token
from aigc_tf.text.generation import TextGenerator
from aigc_tf.text.lines import decode_lines, encode_lines, lines_of
from aigc_tf.text.lstm import LSTMLanguageModel, RNNLanguageModel
from aigc_tf.text.ngram import NGramModel
from aigc_tf.text.recurrent import CELLS, next_token_loss
from aigc_tf.text.sentence_vae import SentenceVAE
from aigc_tf.text.vocabulary import UNKNOWN, Vocabulary, join_words, split_words

__all__ = [
    "CELLS", "UNKNOWN", "LSTMLanguageModel", "NGramModel", "RNNLanguageModel", "SentenceVAE", "TextGenerator",
    "Vocabulary", "adjust_logits", "ban_repeats", "beam_search", "decode_lines", "encode_lines", "join_words",
    "lines_of", "nats_per_token", "next_token_loss", "random_windows", "sample", "sample_tokens", "split_text",
    "split_words", "streams", "windows",
]
