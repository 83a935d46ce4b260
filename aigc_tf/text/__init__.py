"""Language models (chapter 4): read `vocabulary`, `batches`, `ngram`, `recurrent`, `lstm`, `evaluation`, `decoding`."""

from aigc_tf.text.batches import random_windows, split_text, streams, windows
from aigc_tf.text.decoding import adjust_logits, ban_repeats, beam_search, sample, sample_tokens
from aigc_tf.text.evaluation import nats_per_token
from aigc_tf.text.generation import TextGenerator
from aigc_tf.text.lstm import LSTMLanguageModel, RNNLanguageModel
from aigc_tf.text.ngram import NGramModel
from aigc_tf.text.recurrent import CELLS, next_token_loss
from aigc_tf.text.vocabulary import UNKNOWN, Vocabulary, join_words, split_words

__all__ = [
    "CELLS", "UNKNOWN", "LSTMLanguageModel", "NGramModel", "RNNLanguageModel", "TextGenerator", "Vocabulary",
    "adjust_logits", "ban_repeats", "beam_search", "join_words", "nats_per_token", "next_token_loss", "random_windows",
    "sample", "sample_tokens", "split_text", "split_words", "streams", "windows",
]
