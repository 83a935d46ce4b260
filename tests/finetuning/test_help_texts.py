"""Help texts: as long as they were, in characters that a vocabulary has, without indentation, each paragraph once."""

import pytest

from aigc_tf.finetuning import in_known_characters, load_help_texts
from aigc_tf.text import Vocabulary

VOCABULARY = Vocabulary.of("abcdefghijklmnopqrstuvwxyz &'\"-\n.")


def test_unknown_signs_become_one_sign_and_quotes_straight():
    assert in_known_characters("it’s a “list” – [x]", VOCABULARY) == "it's a \"list\" - &x&"


def test_help_texts_hold_no_unknown_character_no_indentation_and_no_paragraph_twice():
    text = load_help_texts(VOCABULARY)
    assert set(text) <= set(VOCABULARY.tokens)
    assert not any(line.startswith(" ") or line.endswith(" ") for line in text.split("\n"))
    paragraphs = load_help_texts(Vocabulary.of(text + "ABCDEFGHIJKLMNOPQRSTUVWXYZ[](){}=_*:0123456789")).split("\n\n")
    assert len(set(paragraphs)) > 0.98 * len(paragraphs) > 1000  # some become equal when unknown signs do


def test_a_vocabulary_without_the_sign_is_refused():
    with pytest.raises(ValueError, match="must have the sign '&'. Received: "):
        load_help_texts(Vocabulary.of("abc"))
