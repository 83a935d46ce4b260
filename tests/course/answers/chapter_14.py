"""Answers to the exercises of chapter 14, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# What cells of the solutions give the learner, made small.
GIVEN = '''
images = np.random.default_rng(0).random((200, 28, 28, 1), dtype="float32")
images[150:] *= 0.3
model = Autoencoder(latent_dim=8, widths=(32,))


def gradient_of_sum(some):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model.compute_losses(some)["loss"])
    return np.concatenate([np.ravel(each) for each in tape.gradient(loss, model.trainable_variables)])


class Wire:
    def __init__(self, cut_from=None):
        self.turns, self.longest, self.cut_from = 0, 0, cut_from

    def turn(self, outgoing):
        is_cut = self.cut_from is not None and self.turns >= self.cut_from
        self.turns += 1
        self.longest = max([self.longest, *map(len, outgoing)])
        return [np.zeros_like(outgoing[w - 1]) if is_cut else np.array(outgoing[w - 1])
                for w in range(len(outgoing))]
'''

SECONDS = """
def ring_bytes(G, N):
    return {bytes}


def ring_seconds(G, N, delay, speed):
    return {seconds}
"""
RING = {"bytes": "2 * (N - 1) * G / N", "seconds": "2 * (N - 1) * (delay + G / N / speed)"}

ALL_REDUCE = """
def all_reduce(gradients, wire):
    n = len(gradients)
    pieces = [np.array_split({given}, n) for g in gradients]
    for turn in range({turns}):
        incoming = wire.turn([pieces[w][(w - turn) % n] for w in range(n)])
        for w, arrived in enumerate(incoming):
            at = (w - 1 - turn) % n
            {step}
    return [np.concatenate(own) for own in pieces]
"""
STEPS = {"given": "g.copy()", "turns": "2 * (n - 1)",
         "step": "pieces[w][at] = pieces[w][at] + arrived if turn < n - 1 else arrived"}
AROUND = """
def all_reduce(gradients, wire):
    totals, moving = [g.copy() for g in gradients], list(gradients)
    for turn in range({turns}):
        moving = wire.turn(moving)
        totals = [total + arrived for total, arrived in zip(totals, moving)]
    return totals
"""
BY_HAND = """
def all_reduce(gradients, wire):
    n = len(gradients)
    for turn in range(2 * (n - 1)):
        wire.turn([np.array_split(g, n)[0] for g in gradients])
    return [np.sum(gradients, axis=0)] * n
"""
PEEKING = """
def all_reduce(gradients, wire):
    n = len(gradients)
    pieces = [np.array_split(g.copy(), n) for g in gradients]
    for turn in range(2 * (n - 1)):
        sent = [pieces[w][(w - turn) % n] for w in range(n)]
        incoming = wire.turn(sent)
        for w in range(n):
            at = (w - 1 - turn) % n
            pieces[w][at] = pieces[w][at] + incoming[w] if turn < n - 1 else sent[w - 1]
    return [np.concatenate(own) for own in pieces]
"""

MEAN_STEP = "def mean_step(times, num_workers): return float({value})"
SORTED = "np.sum(np.sort(times) * np.diff((np.arange(len(times) + 1) / len(times)) ** num_workers))"

ACCUMULATED = """
def accumulated_step(model, optimizer, images, num_parts):
    total = None
    for part in {parts}:
        with tf.GradientTape() as tape:
            loss = {loss}
        gradients = tape.gradient(loss, model.trainable_variables)
        total = {total}
        {inside}
    {after}
"""
APPLY = "optimizer.apply_gradients(zip(total, model.trainable_variables))"
ACCUMULATE = {
    "parts": "np.array_split(images, num_parts)",
    "loss": 'tf.reduce_sum(model.compute_losses(part)["loss"]) / len(images)',
    "total": "gradients if total is None else [a + b for a, b in zip(total, gradients)]",
    "inside": "pass", "after": APPLY,
}
ONE_TAPE = """
def accumulated_step(model, optimizer, images, num_parts):
    with tf.GradientTape() as tape:
        loss = 0.0
        for part in np.array_split(images, num_parts):
            loss += tf.reduce_sum(model.compute_losses(part)["loss"]) / len(images)
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
"""
MACHINE = """
logs = {{n: [{{"loss": 0.1, "seconds": seconds}} for seconds in (0.9, best)] for n, best in ((1, 0.25), (2, 0.6))}}
losses = {{1: [0.1003194, 0.0636098], 2: {losses}}}
speeds = {speeds}
needed = {needed}
"""
MEASURED = {"losses": "[0.1003194, 0.0636099]", "speeds": "{1: 120.0, 2: 50.0}",
            "needed": "4 * WEIGHTS / 1e6 * 2 * 120"}

RIGHT_ANSWERS = {
    "1": SECONDS.format(**RING),
    "2": ALL_REDUCE.format(**STEPS),
    "3": "factor, divisor = 3, 200",
    "4": MEAN_STEP.format(value=SORTED),
    "5": ACCUMULATED.format(**ACCUMULATE),
    "6": MACHINE.format(**MEASURED),
}
WRONG_ANSWERS = {
    "1": {
        "only the reduce-scatter": SECONDS.format(bytes="(N - 1) * G / N", seconds="(N - 1) * (delay + G / N / speed)"),
        "the whole gradient in each turn":
            SECONDS.format(bytes="2 * (N - 1) * G", seconds="2 * (N - 1) * (delay + G / speed)"),
        "N turns in each half": SECONDS.format(bytes="2 * G", seconds="2 * N * (delay + G / N / speed)"),
        "one delay for all turns": SECONDS.format(**{**RING, "seconds": "delay + 2 * (N - 1) * G / N / speed"}),
        "no delay": SECONDS.format(**{**RING, "seconds": "2 * (N - 1) * G / N / speed"}),
        "the workers one after another":
            SECONDS.format(**{**RING, "seconds": "N * 2 * (N - 1) * (delay + G / N / speed)"}),
    },
    "2": {
        "whole gradients around the ring": AROUND.format(turns="len(gradients) - 1"),
        "no all-gather": ALL_REDUCE.format(**{**STEPS, "turns": "n - 1"}),
        "added up in both halves": ALL_REDUCE.format(**{**STEPS, "step": "pieces[w][at] = pieces[w][at] + arrived"}),
        "never added up": ALL_REDUCE.format(**{**STEPS, "step": "pieces[w][at] = arrived"}),
        "the given gradients changed": ALL_REDUCE.format(**{
            **STEPS, "given": "g", "step": "pieces[w][at][:] = pieces[w][at] + arrived if turn < n - 1 else arrived"}),
        "a sum that ignores the wire": BY_HAND,
        "finished pieces from the neighbour's memory": PEEKING,
        "one turn too many": ALL_REDUCE.format(**{**STEPS, "turns": "2 * n - 1"}),
    },
    "3": {
        "all count alike": "factor, divisor = 1, 200",
        "the other way round": "factor, divisor = 1 / 3, 200",
        "their shares of the batch": "factor, divisor = 4, 200",
        "a half of the batch": "factor, divisor = 3, 100",
    },
    "4": {
        "the mean time": MEAN_STEP.format(value="np.mean(times)"),
        "always the longest": MEAN_STEP.format(value="np.max(times)"),
        "the sum of all workers": MEAN_STEP.format(value="num_workers * np.mean(times)"),
        "a quantile": MEAN_STEP.format(value="np.quantile(times, num_workers / (num_workers + 1))"),
        "times that were not sorted": MEAN_STEP.format(value=SORTED.replace("np.sort(times)", "times")),
        "a simulation": MEAN_STEP.format(
            value="np.random.default_rng().choice(times, size=(10_000, num_workers)).max(axis=1).mean()"
                  " if num_workers < 100 else np.max(times)"),
    },
    "5": {
        "the mean of the parts' means": ACCUMULATED.format(
            **{**ACCUMULATE, "loss": 'tf.reduce_mean(model.compute_losses(part)["loss"]) / num_parts'}),
        "the sum of the parts' means": ACCUMULATED.format(
            **{**ACCUMULATE, "loss": 'tf.reduce_mean(model.compute_losses(part)["loss"])'}),
        "a sum that nobody divides": ACCUMULATED.format(
            **{**ACCUMULATE, "loss": 'tf.reduce_sum(model.compute_losses(part)["loss"])'}),
        "a step for each part": ACCUMULATED.format(
            **{**ACCUMULATE, "total": "gradients", "inside": APPLY, "after": "pass"}),
        "the last part alone": ACCUMULATED.format(**{**ACCUMULATE, "total": "gradients"}),
        "one tape around all parts": ONE_TAPE,
        "the whole batch at once": ACCUMULATED.format(**{**ACCUMULATE, "parts": "[images]"}),
    },
    "6": {
        "another training on two workers": MACHINE.format(**{**MEASURED, "losses": "[0.1003194, 0.0636798]"}),
        "the whole step for sending": MACHINE.format(**{**MEASURED, "needed": "4 * WEIGHTS / 1e6 * 120"}),
        "bytes in place of megabytes": MACHINE.format(**{**MEASURED, "needed": "4 * WEIGHTS * 2 * 120"}),
        "seconds in place of speeds": MACHINE.format(
            **{**MEASURED, "speeds": "{1: 0.25, 2: 0.6}", "needed": "4 * WEIGHTS / 1e6 * 2 * 0.25"}),
        "one byte for each weight": MACHINE.format(**{**MEASURED, "needed": "WEIGHTS / 1e6 * 2 * 120"}),
    },
}
