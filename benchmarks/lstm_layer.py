"""Can an LSTM layer in TensorFlow be faster than Keras's?  Forward and all gradients, of the layer alone, interleaved.

    python benchmarks/lstm_layer.py        writes benchmarks/lstm_layer.json; two minutes on two idle cores

At the sizes of chapter 4 (batch 64, 64 steps, 64 inputs, 256 units) and of its recipe (batch 128, 512 units):

- Keras's layer, `keras.layers.LSTM`.
- a loop: time first; the inputs' product with their kernel outside the loop, the gates' four products as one, gradients
  by TensorFlow; then the same with the gates' element-wise lines compiled by XLA, and with their gradient by hand.
- the sequence's gradient by hand: `lstm` below, which is backpropagation through time written out.
- TensorFlow's own kernel for a whole sequence, `BlockLSTM`. (The gradient of the newer `BlockLSTMV2` is wrong.)
- PyTorch's `nn.LSTM`.

All give the same outputs and gradients as Keras's layer (tests/test_benchmarks.py). A contender is a function of inputs
(batch, time, features), the first hidden and cell states (batch, units), kernel (features, 4 · units), recurrent
kernel (units, 4 · units) and bias (4 · units,); it returns outputs (batch, time, units) and the last two states. The
gates stand in Keras's order: input, forget, candidate, output.
"""

import functools

import keras
import numpy as np
import pytorch
import tensorflow as tf
from results import machine, milliseconds, sized, store
from timing import interleaved, of_kind, timed

SIZES = {  # batch, time, features, units; calls in a round
    "batch 64, 256 units": ((64, 64, 64, 256), sized(8, 1)),
    "batch 128, 512 units": ((128, 64, 64, 512), sized(2, 1)),
}
ROUNDS = sized(7, 1)


# ---- the gradient of the whole sequence, by hand ----


@tf.custom_gradient
def lstm(inputs, first_hidden, first_cell, kernel, recurrent_kernel, bias):
    """An LSTM over a whole sequence (Hochreiter & Schmidhuber 1997), with its backpropagation through time.

    Forward, for t = 1, 2, …, with kernel W, recurrent kernel U and bias b:

        zₜ = xₜ·W + hₜ₋₁·U + b,   i, f, o = σ(zⁱ), σ(zᶠ), σ(zᵒ),   g = tanh(zᵍ)
        cₜ = f ⊙ cₜ₋₁ + i ⊙ g,    hₜ = o ⊙ tanh(cₜ)

    Backward, from the last t to the first, with δ for the gradient of the loss by what follows it:

        δhₜ = (from above) + δzₜ₊₁·Uᵀ,     δcₜ = fₜ₊₁ ⊙ δcₜ₊₁ + δhₜ ⊙ o ⊙ (1 − tanh² cₜ)
        δzⁱ = δcₜ ⊙ g ⊙ i(1 − i),    δzᶠ = δcₜ ⊙ cₜ₋₁ ⊙ f(1 − f),    δzᵍ = δcₜ ⊙ i ⊙ (1 − g²)
        δzᵒ = δhₜ ⊙ tanh(cₜ) ⊙ o(1 − o)
        δxₜ = δzₜ·Wᵀ,     δW = Σ xₜᵀ·δzₜ,     δU = Σ hₜ₋₁ᵀ·δzₜ,     δb = Σ δzₜ

    It is fast because only hₜ₋₁·U and δzₜ·Uᵀ wait for the step before: every other product is one for all times, and so
    are the factors of δh and δc, which depend on the forward pass alone.
    """
    length, units = tf.shape(inputs)[1], first_hidden.shape[1]
    sequence = time_first(inputs)  # (time, batch, features)
    from_inputs = unstacked(tf.tensordot(sequence, kernel, 1) + bias)  # of (batch, 4 · units)

    def forward(t, hidden, cell, gates, candidates, cells, hiddens):
        z = from_inputs.read(t) + hidden @ recurrent_kernel
        gate, candidate = tf.sigmoid(z), tf.tanh(z[:, 2 * units:3 * units])  # σ(zᵍ) is never used
        input_gate, forget_gate, _, output_gate = tf.split(gate, 4, axis=1)
        cell = forget_gate * cell + input_gate * candidate
        hidden = output_gate * tf.tanh(cell)
        kept = gates.write(t, gate), candidates.write(t, candidate), cells.write(t, cell), hiddens.write(t, hidden)
        return t + 1, hidden, cell, *kept

    arrays = [tf.TensorArray(tf.float32, length) for _ in range(4)]
    start = (0, first_hidden, first_cell, *arrays)
    _, last_hidden, last_cell, *arrays = tf.while_loop(lambda t, *_: t < length, forward, start)
    gates, candidates, cells, hiddens = (array.stack() for array in arrays)  # (time, batch, …)

    def gradient(output_slopes, hidden_slope, cell_slope):
        i, f, _, o = tf.split(gates, 4, axis=2)
        g, tanh, before = candidates, tf.tanh(cells), tf.concat([first_cell[None], cells[:-1]], axis=0)
        factors = [g * i * (1 - i), before * f * (1 - f), i * (1 - g * g), tanh * o * (1 - o)]
        from_above, of_z = unstacked(time_first(output_slopes)), unstacked(tf.concat(factors, axis=2))
        to_cell, forget = unstacked(o * (1 - tanh * tanh)), unstacked(f)

        def backward(t, hidden_slope, cell_slope, z_slopes):
            hidden_slope += from_above.read(t)
            cell_slope += hidden_slope * to_cell.read(t)
            z_slope = tf.concat([cell_slope, cell_slope, cell_slope, hidden_slope], axis=1) * of_z.read(t)
            hidden_slope = tf.matmul(z_slope, recurrent_kernel, transpose_b=True)
            return t - 1, hidden_slope, cell_slope * forget.read(t), z_slopes.write(t, z_slope)

        start = (length - 1, hidden_slope, cell_slope, tf.TensorArray(tf.float32, length))
        _, hidden_slope, cell_slope, z_slopes = tf.while_loop(lambda t, *_: t >= 0, backward, start)
        z_slopes = z_slopes.concat()  # (time · batch, 4 · units)
        before = tf.concat([first_hidden[None], hiddens[:-1]], axis=0)
        of_inputs = tf.reshape(tf.matmul(z_slopes, kernel, transpose_b=True), tf.shape(sequence))
        of_kernel, of_recurrent = (
            tf.matmul(tf.reshape(values, (-1, values.shape[2])), z_slopes, transpose_a=True)
            for values in (sequence, before)
        )
        return time_first(of_inputs), hidden_slope, cell_slope, of_kernel, of_recurrent, tf.reduce_sum(z_slopes, 0)

    return (time_first(hiddens), last_hidden, last_cell), gradient


def time_first(values):
    """(batch, time, …) → (time, batch, …), and back."""
    return tf.transpose(values, (1, 0, 2))


def unstacked(values):
    """A `TensorArray` of the values at each time. (Indexing them in a loop has a gradient as large as all of them.)"""
    return tf.TensorArray(tf.float32, tf.shape(values)[0]).unstack(values)


# ---- the loop with gradients by TensorFlow ----


def gates(z, cell):
    """(next hidden, next cell) states, each (batch, units), from the gates' sums z (batch, 4 · units)."""
    i, f, g, o = tf.split(z, 4, axis=1)
    cell = tf.sigmoid(f) * cell + tf.sigmoid(i) * tf.tanh(g)
    return tf.sigmoid(o) * tf.tanh(cell), cell


@tf.custom_gradient
def gates_by_hand(z, cell):
    """The same, with its gradient written out."""
    i, f, g, o = tf.split(z, 4, axis=1)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    next_cell = f * cell + i * g
    tanh = tf.tanh(next_cell)

    def gradient(hidden_slope, cell_slope):
        cell_slope += hidden_slope * o * (1 - tanh * tanh)
        slopes = [cell_slope * g * i * (1 - i), cell_slope * cell * f * (1 - f), cell_slope * i * (1 - g * g),
                  hidden_slope * tanh * o * (1 - o)]
        return tf.concat(slopes, axis=1), cell_slope * f

    return (o * tanh, next_cell), gradient


def loop(inputs, hidden, cell, kernel, recurrent_kernel, bias, gates=gates):
    """An LSTM as a loop over time; `gates` makes the next states."""
    length = tf.shape(inputs)[1]
    from_inputs = unstacked(tf.tensordot(time_first(inputs), kernel, 1) + bias)

    def step(t, hidden, cell, hiddens):
        hidden, cell = gates(from_inputs.read(t) + hidden @ recurrent_kernel, cell)
        return t + 1, hidden, cell, hiddens.write(t, hidden)

    start = (0, hidden, cell, tf.TensorArray(tf.float32, length))
    _, hidden, cell, hiddens = tf.while_loop(lambda t, *_: t < length, step, start)
    return time_first(hiddens.stack()), hidden, cell


# ---- TensorFlow's kernel ----


def block_lstm(inputs, hidden, cell, kernel, recurrent_kernel, bias):
    """An LSTM by the kernel `BlockLSTM`, whose gates are in order input, candidate, forget, output."""

    def reordered(weights):
        i, f, g, o = tf.split(weights, 4, axis=-1)
        return tf.concat([i, g, f, o], axis=-1)

    none = tf.zeros_like(hidden[0])  # no peepholes
    found = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.shape(inputs, tf.int64)[1], x=time_first(inputs), cs_prev=cell, h_prev=hidden,
        w=reordered(tf.concat([kernel, recurrent_kernel], axis=0)), b=reordered(bias), wci=none, wcf=none, wco=none,
        forget_bias=0.0, cell_clip=-1.0, use_peephole=False,
    )  # fmt: skip
    return time_first(found.h), found.h[-1], found.cs[-1]


# ---- the contenders ----


def contenders(layer):
    """{name: function as said above} for a `keras.layers.LSTM` that returns its sequences and states."""
    return {
        "Keras's layer": lambda inputs, hidden, cell, *_: layer(inputs, initial_state=[hidden, cell]),
        "loop": loop,
        "loop, gates by XLA": functools.partial(loop, gates=tf.function(gates, jit_compile=True)),
        "loop, gates' gradient by hand": functools.partial(loop, gates=gates_by_hand),
        "sequence's gradient by hand": lstm,
        "TensorFlow's BlockLSTM": block_lstm,
    }


def draws(batch, time, features, units):
    """Inputs, first states, and slopes of the outputs in the objective, float32 arrays."""
    shapes = (batch, time, features), (batch, units), (batch, units), (batch, time, units)
    return [np.random.default_rng(0).standard_normal(shape, "float32") for shape in shapes]


def results(layer, contender, inputs, hidden, cell, slopes):
    """A function in one graph: outputs, and the gradients of Σ outputs · slopes + Σ last hidden · last cell states.

    They are those of inputs, hidden and cell states, kernel, recurrent kernel and bias.
    """
    constants = [tf.constant(values) for values in (inputs, hidden, cell)]

    @tf.function
    def compute():
        with tf.GradientTape() as tape:
            tape.watch(constants)
            outputs, hidden, cell = contender(*constants, *map(tf.convert_to_tensor, layer.trainable_variables))
            objective = tf.reduce_sum(outputs * slopes) + tf.reduce_sum(hidden * cell)
        return outputs, *tape.gradient(objective, [*constants, *layer.trainable_variables])

    return compute.get_concrete_function()


def build_layer(features, units):
    """Keras's layer, whose weights all contenders share."""
    layer = keras.layers.LSTM(units, return_sequences=True, return_state=True)
    layer.build((None, None, features))
    return layer


def pytorch_program(layer, arrays):
    names = ("inputs", "hidden", "cell", "slopes", "kernel", "recurrent_kernel", "bias")
    values = [*arrays, *layer.get_weights()]
    return pytorch.Program("LSTMLayer", **dict(zip(names, values)))


def main():
    keras.utils.set_random_seed(0)
    runs = {}
    for size, (shape, calls) in SIZES.items():
        arrays, layer = draws(*shape), build_layer(*shape[2:])
        for name, contender in contenders(layer).items():
            compute = results(layer, contender, *arrays)
            runs[name, size] = timed(calls, lambda compute=compute, calls=calls: [compute() for _ in range(calls)])
        if pytorch.INSTALLED:
            runs["PyTorch", size] = pytorch.timed_program(pytorch_program(layer, arrays), calls)
    seconds = of_kind(interleaved(runs, ROUNDS))
    record = {
        "work": f"an LSTM layer, 64 steps of 64 inputs, forward and all gradients; {ROUNDS} rounds, every contender in "
        "turn",
        "machine": machine(),
    }
    for size in SIZES:
        record[size] = {
            "milliseconds": milliseconds({name: values for (name, at), values in seconds.items() if at == size})
        }
    store(__file__, record)
    pytorch.close_all()


if __name__ == "__main__":
    main()
