"""A text in Chinese goes through chapters 4 to 6: the one below, and an article of ../shared/articles, where it is."""

import functools
from pathlib import Path

import keras
import numpy as np
import pytest

from aigc_tf import data, finetuning, text, transformer
from aigc_tf.text import Vocabulary, nats_per_token

OWN = """我六岁那年开始学写字。外婆在桌上铺开一张旧报纸，把毛笔放进我的手里，说：“先写一横，再写一竖，不要急。”
我写的横像一条虫，我写的竖像一根弯了的草。外婆没有笑我，她只是在旁边又写了一遍，让我看她的手怎样起笔，怎样收笔。
一个月以后，我会写自己的名字了；一年以后，我会写信了。有一次我把“吉”写成了“𠮷”，老师说，那不是错字，古人也这样写。
后来我才明白，写字和写文章是两件事。写字要看，写文章要听：听别人怎样说话，听自己心里怎样说话。
我先学着写一句话，再学着写一段话。写不出来的时候，我就去读书，读完了再写；写得不好的时候，我就把纸放在一边，第二天再改。
外婆常说：“写了一百遍，字就认识你了。”现在我教女儿写字。她问我：“写字有什么用？”我说：
“你写下来的话，过了一百年，还有人能听见。”她想了想，拿起笔，先写一横，再写一竖。
"""
ARTICLES = sorted((Path(__file__).resolve().parent.parent.parent / "shared" / "articles").glob("*.txt"))[:1]
TEXTS = {"own": OWN} | {path.stem[:3]: path.read_text(encoding="utf-8").strip()[:1000] for path in ARTICLES}
NETWORKS = {
    "LSTM": (text.LSTMLanguageModel, dict(units=(16,), embedding_dim=16, embedding_stddev=1.0)),
    "Transformer": (transformer.TransformerLanguageModel, dict(num_layers=1, width=16, num_heads=2, context=32)),
}

pytestmark = pytest.mark.parametrize("passage", TEXTS.values(), ids=TEXTS)


def fitted(model, passage):
    """The model after 40 steps, each of 16 windows of the passage."""
    model.compile(optimizer=keras.optimizers.Adam(0.02))
    model.fit(text.random_windows(model.vocabulary.encode(passage), 16, batch_size=16, steps=40, seed=0), verbose=0)
    return model


@functools.cache
def learnt(name, passage):
    """Nats at first, and the network when it has read the first half; it knows all of the passage, "$" and "&"."""
    keras.utils.set_random_seed(0)
    (kind, config), (first, _) = NETWORKS[name], text.split_text(passage, 0.5)
    model = kind(Vocabulary.of(passage + "$&").tokens, **config)
    return nats_per_token(model, first, 16), fitted(model, first)


@functools.cache
def sentence_vae(passage):
    """Its losses, epoch by epoch, and the VAE of the passage's sentences."""
    keras.utils.set_random_seed(0)
    model = text.SentenceVAE(Vocabulary.of(passage).tokens, longest=40, latent_dim=2, units=16, embedding_dim=16)
    model.compile(optimizer=keras.optimizers.Adam(0.02))
    lines = text.lines_of(passage.replace("。", "。\n"), shortest=2, longest=40)
    numbers = text.encode_lines(lines, model.vocabulary, 40)
    return model.fit(numbers, batch_size=len(numbers), epochs=20, verbose=0).history["loss"], model


def test_a_file_is_read_as_it_stands(tmp_path, passage):
    (path := tmp_path / "文章.txt").write_text(passage, encoding="utf-8")
    assert data.load_text(path) == passage


@pytest.mark.parametrize("kind, most", [(Vocabulary, 1.0), (transformer.PieceVocabulary, 0.9)])
def test_a_text_comes_back_from_its_tokens(kind, most, passage):
    vocabulary = kind.of(passage, size=len(set(passage)) + 40)
    numbers = vocabulary.encode(passage)
    assert vocabulary.decode(numbers) == passage and len(numbers) <= most * len(passage)


@pytest.mark.parametrize("kind", [Vocabulary, transformer.PieceVocabulary])
def test_an_unknown_character_is_named(kind, passage):
    with pytest.raises(ValueError, match=r"does not know \['龘'\]"):
        kind.of(f"{passage}写字").encode("写龘字")


def test_what_a_vocabulary_knows_stays_and_what_it_lacks_becomes_one_sign(passage):
    assert finetuning.in_known_characters(f"{passage}龘", Vocabulary.of(f"{passage}&")) == f"{passage}&"


def test_an_n_gram_guesses_what_it_has_not_read(passage):
    first, rest = text.split_text(passage, 0.8)
    model = text.NGramModel(3, Vocabulary.of(passage)).fit(first)
    assert 0 < nats_per_token(model, rest) < np.log(len(set(passage)))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_learns(name, passage):
    before, model = learnt(name, passage)
    assert nats_per_token(model, text.split_text(passage, 0.5)[0], 16) < before - 0.5


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_goes_on_in_characters_that_it_knows(name, passage):
    written = learnt(name, passage)[1].generate(passage[:5], 40, seed=0)  # more than a context
    assert written.startswith(passage[:5]) and len(written) == 45 and set(written) <= set(passage + "$&")


def test_a_vae_learns_sentences(passage):
    assert np.divide(*np.take(sentence_vae(passage)[0], [-1, 0])) < 0.9


def test_a_vae_writes_sentences(passage):
    written = sentence_vae(passage)[1].generate(20, seed=0)
    assert len(written) == 20 and 0 < len(set("".join(written)) & set(passage)) == len(set("".join(written)))


def test_a_network_is_adapted_to_the_rest_of_a_text(passage):
    base, rest = learnt("Transformer", passage)[1], text.split_text(passage, 0.5)[1]
    model = fitted(finetuning.AdaptedTransformer.of(base, "lora", 4), rest)
    assert nats_per_token(model, rest, 16) < min(nats_per_token(base, rest, 16), np.log(len(base.tokens))) - 0.5


def test_a_network_learns_which_answer_is_better(passage):
    base = learnt("Transformer", passage)[1]
    preferred = finetuning.Preference(passage[:6], f"{passage[6:14]}$", f"{passage[20:26]}$")
    model = finetuning.DPO.of(base, "lora", 4)
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    batches = finetuning.preference_windows([preferred], base, 20, batch_size=1)
    model.fit(batches.repeat(20), verbose=0)
    assert model.compute_losses(*next(iter(batches)))["margin"] > 0.1  # a tenth of the nats that it has won
