"""Answers to the exercises of chapter 4b, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# What the solutions load or train, made small; networks whose costs are known without a training.
GIVEN = '''
small = SentenceVAE("\\nabcd e", longest=8, latent_dim=3, units=6, embedding_dim=4)
for layer, scale in ((small.mean, 4.0), (small.logits, 5.0)):
    layer.set_weights([scale * weight for weight in layer.get_weights()])
lines = ["abcd e", "a", "dead bed", "bad", "eeee"]
rows = tf.constant(encode_lines(lines, small.vocabulary, 8))


class Toy:  # what its training reports, and what it pays when it is measured with noise
    def __init__(self, reported, measured):
        self.reported, self.measured = reported, measured


class Noiseless(Toy):
    pass


def terms_of(model, rows, kind=None):
    return {"reconstruction": (model.measured if kind else model.reported) - 0.1, "kl": 0.1}


judged = None
stored = SentenceVAE("\\n Thewatsyoring,.ABCDEFGHIJKLMNOPQRSUVWXYZ", longest=12, latent_dim=2, units=8, embedding_dim=4)
for layer, scale in ((stored.mean, 3.0), (stored.first_states, 3.0), (stored.logits, 3.0)):
    layer.set_weights([scale * weight for weight in layer.get_weights()])
candidates = tf.random.stateless_normal((2000, 2), (SEED, 4))
random = np.random.default_rng(0)
map_clouds = random.normal(size=(30, 2)), random.normal(size=(30, 2)) - 2
map_noise = random.normal(size=(30, 2))
own_text = "\\n".join("".join(random.choice([*"Thewatsyoring,. "], 9)) + end for end in ["x", "o", "s.", "ring"] * 200)
own_text = "\\n".join(line.strip() for line in own_text.split("\\n"))
'''
PRICE = """
def kl_between(q, p):
    ratio = np.where(q > 0, q, 1) / np.where(q > 0, p, 1)
    return np.sum(q * np.log(ratio), axis=-1)


def price_of_hints(q, p):
    r = {mixture}
    return {first}, {second}
"""
RIGHT_PRICE = {"mixture": "np.mean(q, axis=0)", "first": "np.mean(kl_between(q, r))", "second": "kl_between(r, p)"}
OBJECTIVE = """
def objective(model, rows, noise, hidden, weight, free_nats):
    mean, log_var = model.posterior(rows)
    latents = {latents}
    before = tf.concat([{first}, rows[:, :-1]], axis=1)
    before = {seen}
    costs = tf.nn.sparse_softmax_cross_entropy_with_logits({targets}, model.predict_logits(latents, before))
    ends_before = tf.math.cumsum(tf.cast(rows == model.end, tf.float32), axis=1, exclusive={exclusive})
    reconstruction = {reconstruction}
    kl = {kl}
    return {loss}
"""
RIGHT_OBJECTIVE = {
    "latents": "mean + tf.exp(0.5 * log_var) * noise", "first": "tf.fill((rows.shape[0], 1), model.end)",
    "seen": "tf.where(hidden, len(model.vocabulary), before)", "targets": "rows", "exclusive": "True",
    "reconstruction": "tf.reduce_sum(tf.where(ends_before > 0, 0.0, costs), axis=1)",
    "kl": "0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - log_var - 1.0, axis=1)",
    "loss": "reconstruction + weight * tf.maximum(kl, free_nats)",
}
FORGOTTEN = """
guesses, least = {guesses}, {least}
models = {{"with noise": {honest}, "forgotten": {bug}}}
sums = {{"with noise": {reported}, "forgotten": sum(terms_of(models["forgotten"], judged).values()),
        "forgotten, measured with noise": {again}}}
{after}
"""
RIGHT_FORGOTTEN = {
    "guesses": "{'with noise': 3.0, 'forgotten': 3.0}", "least": "np.log(LETTERS)", "honest": "Toy(4.2, 4.2)",
    "bug": "Noiseless(0.8, 75.7)", "reported": "sum(terms_of(models['with noise'], judged).values())",
    "again": "sum(terms_of(models['forgotten'], judged, SentenceVAE).values())", "after": "",
}
DEAF = """
def deaf(model):
    kernel, bias = model.first_states.get_weights()
    model.first_states.set_weights([{kernel}, {bias}])
    inputs, recurrent, gates = model.writer.get_weights()
    inputs[{heard}] = 0
    model.writer.set_weights([inputs, recurrent, gates])
    {more}
    return {count}
"""
RIGHT_DEAF = {
    "kernel": "0 * kernel", "bias": "bias", "heard": "model.embedding_dim:", "more": "pass",
    "count": "kernel.size + model.latent_dim * inputs.shape[1]",
}
PAYS = """
def without_hint(rate):
    return {cost}


kls = {kls}
pays = {pays}
"""
RIGHT_PAYS = {
    "cost": "np.log(LETTERS) * sum(rate**k for k in range(LENGTH))", "pays": "{'echo 0.5'}",
    "kls": "{'echo 0': 0.07, 'echo 0.5': 1.9, 'noise 1': 0.002}",
}
COMPLETE = """
def log_likelihoods(beginning):
    numbers = stored.vocabulary.encode({read})
    targets = np.tile(numbers, (2000, 1))
    before = {before}
    logits = stored.predict_logits(candidates, tf.constant(before))
    costs = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    return {total}


def complete(beginning, count):
    values = log_likelihoods(beginning)
    chosen = {chosen}
    hints, given = {hints}, stored.vocabulary.encode(beginning)
    states, tokens, written = stored.states_of(hints), tf.fill([count], stored.end), []
    for place in range(stored.longest):
        logits, states = stored.step(tokens, states)
        likeliest = {likeliest}
        tokens = {tokens}
        written.append(tokens)
    return {lines}, {returned}
"""
RIGHT_COMPLETE = {
    "read": "beginning", "before": "np.pad(targets[:, :-1], [(0, 0), (1, 0)], constant_values=stored.end)",
    "total": "-tf.reduce_sum(costs, axis=1)", "hints": "tf.gather(candidates, chosen)",
    "chosen": "tf.random.stateless_categorical(values[None], count, (SEED, 5))[0]",
    "likeliest": "tf.argmax(logits, axis=-1, output_type=tf.int32)",
    "tokens": "tf.fill([count], int(given[place])) if place < len(given) else likeliest",
    "lines": "decode_lines(tf.stack(written, axis=1), stored.vocabulary)", "returned": "hints",
}
KNOWS = """
def log_densities(mean, log_var, noise):
    hints = mean + {width} * noise
    squares = (hints[:, None] - mean) ** 2 * np.exp(-log_var)
    return {density}


def information(mean, log_var, noise):
    table = {table}
    return {nats}


def told_apart(mean, log_var, noise):
    table = log_densities(mean, log_var, noise)
    return {share}


measured_on_map = {{
    "information": {measured}, "told apart": told_apart(*map_clouds, map_noise), "price": {price},
}}
"""
RIGHT_KNOWS = {
    "width": "np.exp(0.5 * log_var)", "density": "-0.5 * np.sum(squares + log_var + np.log(2 * np.pi), axis=-1)",
    "table": "log_densities(mean, log_var, noise)",
    "nats": "np.mean(np.diag(table) - table.max(1) - np.log(np.mean(np.exp(table - table.max(1)[:, None]), axis=1)))",
    "share": "np.mean(table.argmax(axis=1) == np.arange(len(mean)))", "measured": "information(*map_clouds, map_noise)",
    "price": "np.mean(np.sum(gaussian_kl(*map_clouds), axis=-1))",
}
OWN = """
own_lines = [line for line in lines_of({text}, longest={longest}) if {allowed}][:{most}]
nats = {nats}
own_costs = {costs}
ranked = [own_lines[number] for number in np.argsort({order})]
most_like, least_like = {found}
"""
RIGHT_OWN = {
    "text": "own_text", "longest": "stored.longest", "allowed": "set(line) <= set(stored.tokens)", "most": "300",
    "nats": "stored.importance_weighted_nll(encode_lines(own_lines, stored.vocabulary, stored.longest), 20)",
    "costs": "nats / np.array([len(line) + 1 for line in own_lines])", "order": "own_costs",
    "found": "ranked[0], ranked[-1]",
}


def changed(template, right, **wrong):
    """The template with the right parts, but for some that are wrong."""
    return template.format(**{**right, **wrong})


RIGHT_ANSWERS = {
    "1": PRICE.format(**RIGHT_PRICE),
    "2": OBJECTIVE.format(**RIGHT_OBJECTIVE),
    "3": FORGOTTEN.format(**RIGHT_FORGOTTEN),
    "4": DEAF.format(**RIGHT_DEAF),
    "5": PAYS.format(**RIGHT_PAYS),
    "6": COMPLETE.format(**RIGHT_COMPLETE),
    "7": KNOWS.format(**RIGHT_KNOWS),
    "8": OWN.format(**RIGHT_OWN),
}
WRONG_ANSWERS = {
    "1": {
        "the parts exchanged": changed(
            PRICE, RIGHT_PRICE, first="kl_between(r, p)", second="np.mean(kl_between(q, r))"),
        "the price itself as the first part": changed(PRICE, RIGHT_PRICE, first="np.mean(kl_between(q, p))"),
        "the prior in place of the mean cloud": changed(PRICE, RIGHT_PRICE, mixture="p"),
        "the mean over the values": changed(
            PRICE, RIGHT_PRICE, mixture="np.full(len(p), np.mean(q))"),
        "the sum over the lines": changed(PRICE, RIGHT_PRICE, first="np.sum(kl_between(q, r))"),
        "the second KL the other way round": changed(PRICE, RIGHT_PRICE, second="kl_between(p, np.maximum(r, 1e-12))"),
        "the first KL the other way round": changed(
            PRICE, RIGHT_PRICE, first="np.mean(kl_between(r, np.maximum(q, 1e-12)))"),
        "bits": changed(
            PRICE, RIGHT_PRICE, first="np.mean(kl_between(q, r)) / np.log(2)", second="kl_between(r, p) / np.log(2)"),
        "a geometric mean cloud": changed(
            PRICE, RIGHT_PRICE, mixture="np.exp(np.mean(np.log(np.maximum(q, 1e-12)), axis=0))"),
        "the first line's cloud": changed(PRICE, RIGHT_PRICE, mixture="np.maximum(q[0], 1e-12)"),
        "zeros that spoil the sum": changed(
            PRICE.replace("ratio = np.where(q > 0, q, 1) / np.where(q > 0, p, 1)", "ratio = (q + 0.01) / (p + 0.01)"),
            RIGHT_PRICE),
        "entropy in place of information": changed(
            PRICE, RIGHT_PRICE, first="-np.sum(r * np.log(np.maximum(r, 1e-12)))"),
    },
    "2": {
        "characters that are not shifted": changed(OBJECTIVE, RIGHT_OBJECTIVE, first="rows[:, :1]").replace(
            "rows[:, :-1]], axis=1)", "rows[:, 1:]], axis=1)"),
        "something else in front than a line end": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, first="tf.ones((rows.shape[0], 1), tf.int32)"),
        "nothing hidden": changed(OBJECTIVE, RIGHT_OBJECTIVE, seen="before"),
        "all but the hidden ones hidden": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, seen="tf.where(hidden, before, len(model.vocabulary))"),
        "hidden as line ends": changed(OBJECTIVE, RIGHT_OBJECTIVE, seen="tf.where(hidden, model.end, before)"),
        "hidden characters cost nothing": changed(
            OBJECTIVE, RIGHT_OBJECTIVE,
            reconstruction="tf.reduce_sum(tf.where((ends_before > 0) | hidden, 0.0, costs), axis=1)"),
        "the filled places count": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, reconstruction="tf.reduce_sum(costs, axis=1)"),
        "the line's end does not count": changed(OBJECTIVE, RIGHT_OBJECTIVE, exclusive="False"),
        "a mean over the places": changed(
            OBJECTIVE, RIGHT_OBJECTIVE,
            reconstruction="tf.reduce_mean(tf.where(ends_before > 0, 0.0, costs), axis=1)"),
        "one number for the batch": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, loss="tf.reduce_mean(reconstruction + weight * tf.maximum(kl, free_nats))"),
        "the variance in place of the standard deviation": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, latents="mean + tf.exp(log_var) * noise"),
        "no noise": changed(OBJECTIVE, RIGHT_OBJECTIVE, latents="mean"),
        "a mean over the latents": changed(
            OBJECTIVE, RIGHT_OBJECTIVE,
            kl="0.5 * tf.reduce_mean(mean**2 + tf.exp(log_var) - log_var - 1.0, axis=1)"),
        "the KL without its half": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, kl="tf.reduce_sum(mean**2 + tf.exp(log_var) - log_var - 1.0, axis=1)"),
        "the price taken off": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, loss="reconstruction - weight * tf.maximum(kl, free_nats)"),
        "free nats taken off": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, loss="reconstruction + weight * tf.maximum(kl - free_nats, 0.0)"),
        "the smaller of KL and free nats": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, loss="reconstruction + weight * tf.minimum(kl, free_nats)"),
        "free nats for each latent": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, kl="0.5 * (mean**2 + tf.exp(log_var) - log_var - 1.0)",
            loss="reconstruction + weight * tf.reduce_sum(tf.maximum(kl, free_nats), axis=1)"),
        "free nats of the batch's mean": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, loss="reconstruction + weight * tf.maximum(tf.reduce_mean(kl), free_nats)"),
        "the weight before the free nats": changed(
            OBJECTIVE, RIGHT_OBJECTIVE, loss="reconstruction + tf.maximum(weight * kl, free_nats)"),
    },
    "3": {
        "no guess": changed(FORGOTTEN, RIGHT_FORGOTTEN, guesses="{}"),
        "a guess below zero": changed(FORGOTTEN, RIGHT_FORGOTTEN, guesses="{'with noise': 3.0, 'forgotten': -3.0}"),
        "twelve letters to choose": changed(FORGOTTEN, RIGHT_FORGOTTEN, least="LENGTH * np.log(LETTERS)"),
        "the logarithm of the length": changed(FORGOTTEN, RIGHT_FORGOTTEN, least="np.log(LENGTH)"),
        "bits": changed(FORGOTTEN, RIGHT_FORGOTTEN, least="3.0"),
        "nothing at all": changed(FORGOTTEN, RIGHT_FORGOTTEN, least="0.0"),
        "the same network twice": changed(FORGOTTEN, RIGHT_FORGOTTEN, bug="models_without_bug").replace(
            "models =", "models_without_bug = Toy(4.2, 4.2)\nmodels ="),
        "the bug in both": changed(FORGOTTEN, RIGHT_FORGOTTEN, honest="Noiseless(0.8, 75.7)"),
        "the networks exchanged": changed(
            FORGOTTEN, RIGHT_FORGOTTEN, honest="Noiseless(0.8, 75.7)", bug="Toy(4.2, 4.2)"),
        "hardly trained": changed(FORGOTTEN, RIGHT_FORGOTTEN, honest="Toy(25.0, 25.0)", bug="Noiseless(24.0, 25.0)"),
        "reconstruction alone": changed(
            FORGOTTEN, RIGHT_FORGOTTEN, reported="terms_of(models['with noise'], judged)['reconstruction'] - 1"),
        "measured again without noise": changed(
            FORGOTTEN, RIGHT_FORGOTTEN, again="sum(terms_of(models['forgotten'], judged).values())"),
        "the honest one measured again": changed(
            FORGOTTEN, RIGHT_FORGOTTEN, again="sum(terms_of(models['with noise'], judged, SentenceVAE).values())"),
        "only two sums": changed(FORGOTTEN, RIGHT_FORGOTTEN, after="sums.pop('forgotten, measured with noise')"),
    },
    "4": {
        "the first states alone": changed(DEAF, RIGHT_DEAF, heard=":0"),
        "the steps alone": changed(DEAF, RIGHT_DEAF, kernel="kernel"),
        "the bias, too": changed(DEAF, RIGHT_DEAF, bias="0 * bias"),
        "the characters' rows": changed(DEAF, RIGHT_DEAF, heard=":model.embedding_dim"),
        "as many rows from the top": changed(DEAF, RIGHT_DEAF, heard=":model.latent_dim"),
        "the whole kernel": changed(DEAF, RIGHT_DEAF, heard=":"),
        "the last row": changed(DEAF, RIGHT_DEAF, heard="-1"),
        "rows for as many as there are units": changed(DEAF, RIGHT_DEAF, heard="-model.units:"),
        "the reader silenced, too": changed(
            DEAF, RIGHT_DEAF, more="model.mean.set_weights([0 * weight for weight in model.mean.get_weights()])"),
        "the reader silenced only": changed(
            DEAF, RIGHT_DEAF, kernel="kernel", heard=":0",
            more="model.mean.set_weights([0 * weight for weight in model.mean.get_weights()])"),
        "the states' kernel, too": changed(DEAF, RIGHT_DEAF).replace("[inputs, recurrent,", "[inputs, 0 * recurrent,"),
        "no count": changed(DEAF, RIGHT_DEAF, count="None"),
        "the first states' count": changed(DEAF, RIGHT_DEAF, count="kernel.size"),
        "the count with the bias": changed(
            DEAF, RIGHT_DEAF, count="kernel.size + bias.size + model.latent_dim * inputs.shape[1]"),
        "one gate of four": changed(
            DEAF, RIGHT_DEAF, count="kernel.size + model.latent_dim * model.units"),
    },
    "5": {
        "one step of memory": changed(PAYS, RIGHT_PAYS, cost="np.log(LETTERS) * (1 + (LENGTH - 1) * rate)"),
        "no end to the line": changed(PAYS, RIGHT_PAYS, cost="np.log(LETTERS) / (1 - min(rate, 0.999))"),
        "one place too many": changed(
            PAYS, RIGHT_PAYS, cost="np.log(LETTERS) * sum(rate**k for k in range(LENGTH + 1))"),
        "the first letter forgotten": changed(
            PAYS, RIGHT_PAYS, cost="np.log(LETTERS) * sum(rate**k for k in range(1, LENGTH))"),
        "the share that is seen": changed(
            PAYS, RIGHT_PAYS, cost="np.log(LETTERS) * sum((1 - rate)**k for k in range(LENGTH))"),
        "bits": changed(PAYS, RIGHT_PAYS, cost="np.log2(LETTERS) * sum(rate**k for k in range(LENGTH))"),
        "the entropy, whatever the rate": changed(PAYS, RIGHT_PAYS, cost="np.log(LETTERS)"),
        "all three pay": changed(PAYS, RIGHT_PAYS, pays="{'echo 0', 'echo 0.5', 'noise 1'}"),
        "the noise pays, since nothing is seen": changed(PAYS, RIGHT_PAYS, pays="{'echo 0.5', 'noise 1'}"),
        "a draw pays": changed(PAYS, RIGHT_PAYS, pays="{'echo 0', 'echo 0.5'}"),
        "nothing pays": changed(PAYS, RIGHT_PAYS, pays="set()"),
        "rates exchanged": changed(PAYS, RIGHT_PAYS, kls="{'echo 0': 1.9, 'echo 0.5': 0.07, 'noise 1': 0.002}"),
        "the reconstructions": changed(PAYS, RIGHT_PAYS, kls="{'echo 0': 2.3, 'echo 0.5': 1.4, 'noise 1': 25.0}"),
        "a third training missing": changed(PAYS, RIGHT_PAYS, kls="{'echo 0': 0.07, 'echo 0.5': 1.9}").replace(
            "pays =", "kls['echo 1'] = kls['noise 1'] = 2.7\npays ="),
    },
    "6": {
        "characters that are not shifted": changed(COMPLETE, RIGHT_COMPLETE, before="targets"),
        "a space in front": changed(
            COMPLETE, RIGHT_COMPLETE, before="np.pad(targets[:, :-1], [(0, 0), (1, 0)], constant_values=1)"),
        "the end of a line counts": changed(COMPLETE, RIGHT_COMPLETE, read="beginning + '\\n'"),
        "a mean over the characters": changed(COMPLETE, RIGHT_COMPLETE, total="-tf.reduce_mean(costs, axis=1)"),
        "costs in place of likelihoods": changed(COMPLETE, RIGHT_COMPLETE, total="tf.reduce_sum(costs, axis=1)"),
        "probabilities, not logarithms": changed(
            COMPLETE, RIGHT_COMPLETE, total="tf.exp(-tf.reduce_sum(costs, axis=1))"),
        "the first character forgotten": changed(
            COMPLETE, RIGHT_COMPLETE, total="-tf.reduce_sum(costs[:, 1:], axis=1) + tf.reduce_mean(costs)"),
        "all points equally likely": changed(
            COMPLETE, RIGHT_COMPLETE,
            chosen="tf.random.stateless_categorical(tf.zeros((1, 2000)), count, (SEED, 5))[0]"),
        "the best points": changed(COMPLETE, RIGHT_COMPLETE, chosen="tf.argsort(-values)[:count]"),
        "the best point, again and again": changed(
            COMPLETE, RIGHT_COMPLETE, chosen="tf.fill([count], int(tf.argmax(values)))"),
        "drawn with probabilities as logits": changed(
            COMPLETE, RIGHT_COMPLETE,
            chosen="tf.random.stateless_categorical(tf.nn.softmax(values)[None], count, (SEED, 5))[0]"),
        "new points": changed(
            COMPLETE, RIGHT_COMPLETE, hints="tf.random.stateless_normal((count, stored.latent_dim), (SEED, 6))"),
        "other hints returned than used": changed(COMPLETE, RIGHT_COMPLETE, returned="tf.reverse(hints, [0])"),
        "the beginning not given": changed(COMPLETE, RIGHT_COMPLETE, tokens="likeliest"),
        "the beginning only written in front": changed(
            COMPLETE, RIGHT_COMPLETE, tokens="likeliest",
            lines="[(beginning + line)[:stored.longest] for line in "
                  "decode_lines(tf.stack(written, axis=1), stored.vocabulary)]"),
        "the rest without the beginning": changed(
            COMPLETE, RIGHT_COMPLETE,
            lines="decode_lines(tf.stack(written[len(given):], axis=1), stored.vocabulary)"),
        "drawn characters": changed(
            COMPLETE, RIGHT_COMPLETE,
            likeliest="tf.cast(tf.random.stateless_categorical(logits, 1, (7, place))[:, 0], tf.int32)"),
        "a single line": changed(COMPLETE, RIGHT_COMPLETE).replace(
            "vocabulary), hints", "vocabulary)[:1], hints[:1]"),
    },
    "7": {
        "the nearest middle": changed(
            KNOWS, RIGHT_KNOWS, share="np.mean(((mean + np.exp(0.5 * log_var) * noise)[:, None] - mean).__pow__(2)"
            ".sum(-1).argmin(axis=1) == np.arange(len(mean)))"),
        "the likeliest hint of a cloud": changed(
            KNOWS, RIGHT_KNOWS, share="np.mean(table.argmax(axis=0) == np.arange(len(mean)))"),
        "how many, not the share": changed(
            KNOWS, RIGHT_KNOWS, share="np.sum(table.argmax(axis=1) == np.arange(len(mean)))"),
        "the mean of the logarithms": changed(KNOWS, RIGHT_KNOWS, nats="np.mean(np.diag(table) - table.mean(axis=1))"),
        "the densities of other hints": changed(KNOWS, RIGHT_KNOWS, table="log_densities(mean, log_var, noise).T"),
        "a sum in place of the mean density": changed(
            KNOWS, RIGHT_KNOWS, nats="np.mean(np.diag(table) - np.log(np.exp(table).sum(axis=1)))"),
        "without its own cloud": changed(
            KNOWS, RIGHT_KNOWS, nats="np.mean(np.diag(table) - np.log((np.exp(table).sum(1) - np.exp(np.diag(table)) "
            "+ 1e-30) / (len(mean) - 1)))"),
        "bits": changed(KNOWS, RIGHT_KNOWS, nats=RIGHT_KNOWS["nats"] + " / np.log(2)"),
        "the sum over the lines": changed(KNOWS, RIGHT_KNOWS, nats=RIGHT_KNOWS["nats"] + " * len(mean)"),
        "widths left out of the densities": changed(KNOWS, RIGHT_KNOWS, density="-0.5 * np.sum(squares, axis=-1)"),
        "half of the logarithm of the width": changed(
            KNOWS, RIGHT_KNOWS, density="-0.5 * np.sum(squares + 0.5 * log_var + np.log(2 * np.pi), axis=-1)"),
        "the variance in place of the standard deviation": changed(KNOWS, RIGHT_KNOWS, width="np.exp(log_var)"),
        "the middles as hints": changed(KNOWS, RIGHT_KNOWS, width="0"),
        "the price as the information": changed(
            KNOWS, RIGHT_KNOWS, measured="np.mean(np.sum(gaussian_kl(*map_clouds), -1))"),
        "a price for each latent": changed(KNOWS, RIGHT_KNOWS, price="np.mean(gaussian_kl(*map_clouds))"),
    },
    "8": {
        "few lines": changed(OWN, RIGHT_OWN, most="20"),
        "all lines": changed(OWN, RIGHT_OWN, most="10_000"),
        "shorter lines alone": changed(OWN, RIGHT_OWN, longest="11"),
        "lines without a full stop": changed(OWN, RIGHT_OWN, allowed="set(line) <= set(stored.tokens) - {'.'}"),
        "nats per line": changed(OWN, RIGHT_OWN, costs="nats", order="nats"),
        "the end left out": changed(OWN, RIGHT_OWN, costs="nats / np.array([len(line) for line in own_lines])"),
        "divided by all places of a row": changed(OWN, RIGHT_OWN, costs="nats / (stored.longest + 1)"),
        "bits": changed(OWN, RIGHT_OWN, costs="nats / np.log(2) / np.array([len(line) + 1 for line in own_lines])"),
        "the reconstruction alone": changed(
            OWN, RIGHT_OWN, nats="stored.reconstruction(tf.constant(encode_lines(own_lines, stored.vocabulary, "
            "stored.longest)), stored.encode(own_lines)[0]).numpy()"),
        "likelihoods with the wrong sign": changed(
            OWN, RIGHT_OWN, costs="-nats / np.array([len(line) + 1 for line in own_lines])"),
        "exchanged": changed(OWN, RIGHT_OWN, found="ranked[-1], ranked[0]"),
        "ranked by the whole line": changed(OWN, RIGHT_OWN, order="-np.array([len(line) for line in own_lines])"),
        "sorted costs": changed(OWN, RIGHT_OWN).replace("ranked =", "own_costs = np.sort(own_costs)\nranked ="),
    },
}
