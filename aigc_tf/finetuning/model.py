"""A trained Transformer that learns something new, by all or few of its weights (chapter 6): `AdaptedTransformer`."""

import functools

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.core.inputs import as_tokens, as_weights, check_name
from aigc_tf.core.model import argument_names
from aigc_tf.finetuning.adapters import AdapterDense, LoRADense, PrefixAttention
from aigc_tf.transformer.attention import dense
from aigc_tf.transformer.model import TransformerLanguageModel, embedding

METHODS = ("full", "last", "adapters", "lora", "prompt", "prefix")


@keras.saving.register_keras_serializable(package="aigc_tf")
class AdaptedTransformer(TransformerLanguageModel):
    """A `TransformerLanguageModel` of which a part learns, and the rest stays as it is. Make it with `of`.

    What learns, and what `size` counts:

    - "full": every weight; no meaning.
    - "last": the last blocks, the norm behind them, the logits; blocks, from 0.
    - "adapters": `AdapterDense` behind attention and MLP of every block; numbers in its middle, 1 to width.
    - "lora": `LoRADense` in place of all dense layers of every block; the rank, 1 to width.
    - "prompt": vectors that stand before every text; vectors, even, below `context`.
    - "prefix": `PrefixAttention`, keys and values in every block; keys in each, at least 1.

    Adapters, LoRA and prefixes begin without any effect. A prompt cannot (Lester et al. 2021, arXiv:2104.08691): its
    vectors are read like tokens. It begins as tokens of the vocabulary, and the model answers as it would behind them.
    It takes its places from the context: `window` is left for the text.

    It trains on batches (inputs, targets), or (inputs, targets, weights) with weights on the targets.

    Args:
        tokens, unit: of `TransformerLanguageModel`, as all others that are not named here.
        method, size: see the list.
        alpha: LoRA's change is scaled by alpha / rank; other methods ignore it.

    Raises:
        ValueError: for an unknown method, a size outside its range, or what the base refuses.
    """

    def __init__(self, tokens, unit="character", method="lora", size=8, alpha=16.0, **base):
        check_name("method", method, METHODS)
        if not alpha > 0:
            raise ValueError(f"alpha must be above 0. Received: {alpha=}")
        self.method, self.size, self.alpha = method, size, alpha  # first: `make_blocks` needs them
        super().__init__(tokens, unit, **base)

    @classmethod
    def of(cls, model, method="lora", size=8, *, seed=0, **options):
        """A copy of a trained model, ready to learn by a method.

        Args:
            model: a `TransformerLanguageModel`; an adapted one is `merged` first.
            method, size: see the list.
            seed: draws the tokens that a prompt begins as.
            **options: further arguments of the class, such as `alpha` or `dropout`.

        Raises:
            ValueError: for another kind of model, or see the class.
        """
        if type(model) is not TransformerLanguageModel:
            raise ValueError("What is adapted must be a TransformerLanguageModel; an adapted one becomes one by "
                             f"`merged()`. Received: {type(model).__name__}")
        adapted = cls(**{**config_of(model), "method": method, "size": size, **options})
        for weight, trained in zip(adapted.base_weights(), network_weights(model), strict=True):
            weight.assign(trained.numpy())
        if method == "prompt":
            drawn = np.random.default_rng(seed).integers(len(model.vocabulary), size=size)
            adapted.prompt.embeddings.assign(model.embedding.embeddings.numpy()[drawn])
        return adapted

    def merged(self):
        """A plain `TransformerLanguageModel` that does the same, at the cost of a plain one.

        Raises:
            ValueError: for a method that adds what a plain model has no place for.
        """
        if self.method not in ("full", "last", "lora"):
            raise ValueError("Only what was adapted by 'full', 'last' or 'lora' can become a plain model. "
                             f"Received: {self.method!r}")
        plain = TransformerLanguageModel(**config_of(self, TransformerLanguageModel))
        kernels = {id(layer.dense.kernel): layer.merged() for layer in dense_layers(self.blocks)
                   if isinstance(layer, LoRADense)}
        for weight, own in zip(network_weights(plain), self.base_weights(), strict=True):
            weight.assign(kernels[id(own)].numpy() if id(own) in kernels else own.numpy())
        return plain

    # -- what learns, and what stays --

    def make_blocks(self, **options):
        check_size(self.method, self.size, self.num_layers, self.width, self.context)
        if self.method == "prompt":
            self.prompt = embedding(self.size, self.width, self.embedding_stddev, name="prompt_embedding")
        elif self.method == "lora":
            options["make_dense"] = functools.partial(LoRADense, rank=self.size, alpha=self.alpha)
        elif self.method == "adapters":
            options["make_dense"] = functools.partial(with_adapter, size=self.size)
        elif self.method == "prefix":
            options["make_attention"] = functools.partial(PrefixAttention, size=self.size)
        return super().make_blocks(**options)

    def added_layers(self):
        """The layers that the method has brought in."""
        if self.method == "prompt":
            return [self.prompt]
        places = [*(block.attention for block in self.blocks), *dense_layers(self.blocks)]
        return [layer for place in places for layer in getattr(place, "added", [])]

    def base_weights(self):
        """The weights that a plain model has, too, in its order."""
        added = {id(weight) for layer in self.added_layers() for weight in layer.weights}
        return [weight for weight in network_weights(self) if id(weight) not in added]

    @property
    def trainable_weights(self):
        """The weights that learn, the method's alone."""
        if self.method == "full":
            learning = self.layers
        elif self.method == "last":
            learning = [*self.blocks[self.num_layers - self.size:], self.last_norm, self.logits]
        else:
            learning = self.added_layers()
        return [weight for layer in learning for weight in layer.weights]

    @property
    def trainable_variables(self):
        """The same: Keras 3 asks for them by this name, too."""
        return self.trainable_weights

    @property
    def non_trainable_weights(self):
        """The weights that stay as they are."""
        learning = {id(weight) for weight in self.trainable_weights}
        return [weight for weight in self.weights if id(weight) not in learning]

    # -- a prompt is read like tokens: those behind the vocabulary's last number --

    @property
    def prompt_size(self):
        """Places that a prompt takes from the context."""
        return self.size if self.method == "prompt" else 0

    @property
    def window(self):
        return self.context - self.prompt_size

    def with_prompt(self, tokens):
        """Tokens (batch, time) with the prompt's numbers before them, (batch, prompt_size + time)."""
        numbers = len(self.vocabulary) + tf.range(self.prompt_size)
        prompts = tf.tile(numbers[None], [tf.shape(tokens)[0], 1])
        return tf.concat([prompts, tf.cast(tokens, tf.int32)], axis=1)  # Keras 2 loads a model by calling it on floats

    def token_vectors(self, tokens):
        if self.method != "prompt":
            return super().token_vectors(tokens)
        place = tokens - len(self.vocabulary)  # in the prompt; of a token of the text, below 0
        vectors = super().token_vectors(tf.minimum(tokens, len(self.vocabulary) - 1))
        return tf.where(place[..., None] < 0, vectors, self.prompt(tf.maximum(place, 0)))

    def read(self, tokens, training=False):
        logits, caches = super().read(self.with_prompt(tokens), training)
        return logits[:, self.prompt_size:], caches

    def _states(self, tokens, caches):
        return super()._states(self.with_prompt(tokens), caches)

    # -- losses → step → evaluate --

    def target_log_probs(self, inputs, targets, training=False):
        """ln p(target) at every place, in nats: (batch, time); arguments as for `compute_losses`."""
        inputs, targets = as_tokens(inputs, len(self.vocabulary)), as_tokens(targets, len(self.vocabulary))
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(targets, self(inputs, training=training))

    def compute_losses(self, inputs, targets, weights=None, training=False):
        """{"loss": −Σₜ wₜ ln p(targetₜ) / Σₜ wₜ, nats per token, (batch,)} of windows that begin without context.

        Args:
            inputs, targets: int32 (batch, time), time ≤ `window`, targets are the inputs shifted by one.
            weights: float32 (batch, time), not below 0, and above 0 somewhere in each row; None: all are 1.
        """
        if weights is None:
            return super().compute_losses(inputs, targets, training)
        weights = as_weights(weights, targets)
        costs = -self.target_log_probs(inputs, targets, training)
        return {"loss": tf.reduce_sum(weights * costs, axis=1) / tf.reduce_sum(weights, axis=1)}

    def test_step(self, data):
        return self.update_metrics(self.compute_losses(*data))


def with_adapter(units, *, size, zero=False, name=None):
    """The last dense layer of an attention or an MLP with an adapter behind it, any other one as it is."""
    if name in ("join", "mlp_out"):
        return AdapterDense(units, size, zero=zero, name=name)
    return dense(units, zero=zero, name=name)


def dense_layers(blocks):
    """All dense layers of blocks, in order."""
    return [layer for block in blocks for layer in (
        block.attention.query, block.attention.key, block.attention.value, block.attention.join, block.mlp_in,
        block.mlp_out)]


def network_weights(model):
    """All weights of a model's networks, in order: no optimizer state, no metrics."""
    return [weight for layer in model.layers for weight in layer.weights]


def trained_share(model):
    """Numbers that training moves, divided by all numbers of a model's networks, in [0, 1]."""
    trained, every = (sum(np.prod(weight.shape) for weight in weights)
                      for weights in (model.trainable_weights, network_weights(model)))
    return float(trained / every)


def config_of(model, kind=None):
    """The arguments of a model, or those that its base class `kind` takes: {name: value}."""
    return {name: getattr(model, name) for name in argument_names(kind or type(model))}


def check_size(method, size, num_layers, width, context):
    """Raises ValueError unless the size is in its method's range; see `AdaptedTransformer`."""
    ranges = {"last": (0, num_layers), "adapters": (1, width), "lora": (1, width), "prompt": (2, context - 2),
              "prefix": (1, np.inf)}
    least, most = ranges.get(method, (-np.inf, np.inf))
    if not least <= size <= most or (method == "prompt" and size % 2):
        even = ", and even" if method == "prompt" else ""
        raise ValueError(f"The size of {method!r} must be {least} to {most}{even}: it has {num_layers=}, {width=}, "
                         f"{context=}. Received: {size=}")
