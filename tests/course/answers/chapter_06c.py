"""Answers to the exercises of chapter 6c, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# Examples, answers and texts are made up, and a 6-gram is the reference: it finds the real answers likely. Exercise 3's
# training is the chapter's, compiled.
GIVEN = '''
from types import SimpleNamespace

from aigc_tf.finetuning import Demands, Example, length_of, write_instruction
from aigc_tf.text import Vocabulary

random = np.random.default_rng(0)
NAMES = "HAMLET,OPHELIA,First Ghost,KING HENRY VI,All,HORATIO,Second Lord".split(",")
WORDS = ("nunnery dagger purse stars crown lord madam night think worthy season forgot toads sleep "
         "that this your with hath what shall come then good").split()
FUNCTIONS = "def return value function list string object method class module error print default".split()


def made_up(number):
    speaker, listener = random.choice(NAMES, 2, replace=False)
    start, count = int(random.integers(9)), int(random.choice([4, 11, 17]))
    words = [WORDS[(start + place) % len(WORDS)] for place in range(count)]
    speech = " ".join(words[:4]).capitalize() + "\\n" * (number % 2) + " ".join(words[4:]) + ".!?"[number % 3]
    demands = Demands(speaker, listener, length_of(speech), words[number % 4])
    return Example(write_instruction(demands), f"{speaker} to {listener}:\\n{speech}{END}")


real = [made_up(number) for number in range(120)]
vocabulary = Vocabulary.of("".join(map(chr, range(32, 127))) + "\\n")
reference = NGramModel(6, vocabulary).fit("".join(asked + answer for asked, answer in real))
hamlet = "".join(answer for _, answer in real[:60]) + "To be, or not to be, that is the question."


def speech_of(answer):
    return answer.partition("\\n")[2].partition(END)[0]


def best_of_n(rewards, n):
    count = rewards.shape[1]
    chances = [comb(place, n - 1) / comb(count, n) for place in range(count)]
    return float((np.sort(rewards, axis=1) @ chances).mean())


def nats_of(examples):
    return -float(answer_log_probs(reference, examples).sum()) / sum(len(answer) for _, answer in examples)


def margin_after(share, steps=400, loss=dpo_loss, beta=1.0, rate=0.1):
    scores = tf.Variable([0.0, 0.0])

    def step():
        with tf.GradientTape() as tape:
            a, b = tf.unstack(tf.nn.log_softmax(scores) - tf.math.log(0.5))
            objective = share * loss(a, b, beta) + (1 - share) * loss(b, a, beta)
        scores.assign_sub(rate * tape.gradient(objective, scores))

    compiled = tf.function(step, autograph=False)
    for _ in range(steps):
        compiled()
    return beta * float(scores[0] - scores[1])


def made_of(words, sentences):
    return " ".join(" ".join(random.choice(words, 6)).capitalize() + "." for _ in range(sentences))


own_text, plays = made_of(FUNCTIONS + WORDS[14:], 800), made_of(WORDS, 1000)
plays, rest = plays[:len(own_text)], plays
tried = [made_up(number) for number in range(128)]
odd = "A to B:\\n$", "A to B:\\nO$", "A to B: no line", "A to B:\\nno end", "A to B:\\nAy$ no"
for place, answer in enumerate(odd):
    tried[20 * place] = Example(tried[20 * place].instruction, answer)
'''
GRADIENT = """
def dpo_gradient(a, b, beta):
    d = {d}
    pull = {pull}
    return {result}
"""
RIGHT_GRADIENT = {
    "d": "beta * (np.asarray(a, float) - b)", "pull": "np.exp(-np.logaddexp(0, d))",
    "result": "-beta * pull, beta * pull",
}
LOSSES = """
def preference_losses(logits, reference_logits, targets, counts, beta):
    def log_prob(logits):
        shifted = {shifted}
        log_probs = {log_probs}
        picked = {picked}
        return {answer}

    ratios = {ratios}
    chosen, rejected = {halves}
    return {losses}
"""
RIGHT_LOSSES = {
    "shifted": "logits - logits.max(axis=-1, keepdims=True)",
    "log_probs": "shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))",
    "picked": "np.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]",
    "answer": "(counts * picked).sum(axis=1)", "ratios": "log_prob(logits) - log_prob(reference_logits)",
    "halves": "np.split(ratios, 2)", "losses": "np.logaddexp(0, -beta * (chosen - rejected))",
}
LIMIT = """
guess = {guess}


def limit(share):
    return {limit}
"""
RIGHT_LIMIT = {"guess": "{0.5: 0.0, 0.8: 1.0, 1: 3.0}", "limit": "np.log(share / (1 - share))"}
PICKED = """
def picked(rewards):
    places = range(len(rewards))
    if {equal}:
        return {none}
    chosen = {chosen}
    rejected = {rejected}
    return {result}
"""
RIGHT_PICKED = {
    "equal": "max(rewards) == min(rewards)", "none": "None", "result": "chosen, rejected",
    "chosen": "max(place for place in places if rewards[place] == max(rewards))",
    "rejected": "min(place for place in places if rewards[place] == min(rewards))",
}
RANKED = """
def picked(rewards):
    ranked = {ranked}
    if rewards[ranked[0]] == rewards[ranked[-1]]:
        return None
    return ranked[-1], ranked[0]
"""
IPO = """
def ipo_loss(a, b, beta):
    return {loss}


reached = {reached}
{later}
"""
RIGHT_IPO = {
    "loss": "(a - b - 1 / (2 * beta)) ** 2", "later": "",
    "reached": "{share: margin_after(share, loss=ipo_loss) for share in (0.5, 0.8, 1)}",
}
LOOPHOLE = """
FILLERS = {fillers}


def loophole(instruction):
    asked = {asked}
    count = {counts}[asked.length]
    words = {words}
    return {answer}


found = {found}
costs = {costs}
{later}
"""
RIGHT_LOOPHOLE = {
    "fillers": "[one + other for one in 'zxqvj' for other in 'aeiou']", "asked": "read_instruction(instruction)",
    "counts": "{'short': 3, 'medium': 10, 'long': 20}", "words": "[asked.word, *FILLERS][:count]",
    "answer": "f'{asked.speaker} to {asked.listener}:\\n' + ' '.join(words) + '.' + END", "later": "",
    "found": "[(asked, loophole(asked)) for asked, _ in real[:40]]",
    "costs": "{'loophole': nats_of(found), 'real': nats_of(real[:40])}",
}
def counted(order, text):
    return f"NGramModel({order}, reference.vocabulary).fit({text})"


LIKENESS = """
own_model = {own}
play_model = {other}


def likeness(answer):
    speech = {speech}
    if {short}:
        return {nothing}
    return {reward}


scores = {scores}
rise = {rise}
{later}
"""
RIGHT_LIKENESS = {
    "own": counted(3, "own_text"), "other": counted(3, "plays"),
    "speech": "speech_of(answer)", "short": "len(speech) < 2", "nothing": "0.0",
    "reward": "float(np.mean(own_model.log_prob(speech) - play_model.log_prob(speech)))",
    "scores": "np.array([likeness(example.answer) for example in tried]).reshape(8, 16)",
    "rise": "{n: best_of_n(scores, n) for n in (1, 16)}", "later": "",
}


def gradient(**wrong):
    return GRADIENT.format(**{**RIGHT_GRADIENT, **wrong})


def losses(**wrong):
    return LOSSES.format(**{**RIGHT_LOSSES, **wrong})


def limit(**wrong):
    return LIMIT.format(**{**RIGHT_LIMIT, **wrong})


def picked(**wrong):
    return PICKED.format(**{**RIGHT_PICKED, **wrong})


def ipo(**wrong):
    return IPO.format(**{**RIGHT_IPO, **wrong})


def loophole(**wrong):
    return LOOPHOLE.format(**{**RIGHT_LOOPHOLE, **wrong})


def likeness(**wrong):
    return LIKENESS.format(**{**RIGHT_LIKENESS, **wrong})


RIGHT_ANSWERS = {
    "1": gradient(),
    "2": losses(),
    "3": limit(),
    "4": picked(),
    "5": ipo(),
    "6": loophole(),
    "7": likeness(),
}
OTHER_RIGHT_ANSWERS = {
    "1": {
        "TensorFlow's sigmoid, as one array": gradient(
            pull="tf.sigmoid(-d).numpy()", result="np.stack([-beta * pull, beta * pull])"),
        "one minus the probability of the right order": gradient(
            pull="1 - np.exp(-np.logaddexp(0, -d))", result="[-beta * pull, beta * pull]"),
        "two cases": gradient(
            pull="np.where(d > 0, np.exp(-abs(d)), 1) / (1 + np.exp(-abs(d)))", result="-beta * pull, -(-beta * pull)"),
    },
    "2": {
        "with TensorFlow": losses(
            shifted="tf.constant(logits)", log_probs="tf.nn.log_softmax(shifted).numpy()",
            losses="-tf.math.log_sigmoid(beta * (chosen - rejected)).numpy()"),
        "with a one-hot sum, cut by hand": losses(
            picked="(np.eye(logits.shape[-1])[targets] * log_probs).sum(axis=-1)", answer="np.sum(counts * picked, -1)",
            halves="ratios[:len(ratios) // 2], ratios[len(ratios) // 2:]"),
        "ln σ by hand": losses(
            losses="np.maximum(0, -beta * (chosen - rejected)) + np.log1p(np.exp(-abs(beta * (chosen - rejected))))"),
    },
    "3": {
        "no end, guessed": limit(guess="{0.5: 0, 0.8: 2.0, 1: np.inf}", limit="np.log(share) - np.log(1 - share)"),
        "1.0 as a key, and log1p": limit(
            guess="{1.0: 5, 0.8: 1.4, 0.5: 0}", limit="np.log(share) - np.log1p(-share)"),
        "a tangent": limit(limit="float(2 * np.arctanh(2 * share - 1))"),
    },
    "4": {
        "sorted places": RANKED.format(ranked="sorted(range(len(rewards)), key=lambda place: rewards[place])"),
        "a stable sort": RANKED.format(ranked="np.argsort(rewards, kind='stable')"),
        "from behind": picked(chosen="len(rewards) - 1 - int(np.argmax(rewards[::-1]))", rejected="np.argmin(rewards)"),
    },
    "5": {
        "multiplied out": ipo(
            loss="(a - b) ** 2 - (a - b) / beta + 1 / (4 * beta ** 2)",
            reached="{1.0: margin_after(1, 300, ipo_loss), 0.8: margin_after(0.8, 600, ipo_loss), 0.5: 0.0}"),
        "by hand": ipo(
            loss="(1 / (2 * beta) - (a - b)) ** 2", reached="{share: share - 0.5 for share in (0.5, 0.8, 1)}"),
    },
    "6": {
        "letters": loophole(
            fillers="list('bcdfghjklmnpqrstuvwxyz')", counts="{'short': 7, 'medium': 15, 'long': 16}"),
        "the word last": loophole(
            words="[*FILLERS[:count - 1], asked.word]", counts="{'short': 1, 'medium': 8, 'long': 25}"),
    },
    "7": {
        "a difference of means": likeness(
            reward="own_model.log_prob(speech).mean() - play_model.log_prob(speech).mean()",
            rise="{1: scores.mean(), 16: scores.max(axis=1).mean()}"),
        "a sum, divided by what it has": likeness(
            reward="sum(own_model.log_prob(speech) - play_model.log_prob(speech)) / (len(speech) - 1)",
            speech="answer.split('$')[0].partition('\\n')[2]"),
    },
}
WRONG_ANSWERS = {
    "1": {
        "the signs exchanged": gradient(result="beta * pull, -beta * pull"),
        "both down": gradient(result="-beta * pull, -beta * pull"),
        "both up": gradient(result="beta * pull, beta * pull"),
        "no β before the pull": gradient(result="-pull, pull"),
        "no β inside": gradient(d="np.asarray(a, float) - b"),
        "no β at all": gradient(d="np.asarray(a, float) - b", result="-pull, pull"),
        "β squared": gradient(result="-beta**2 * pull, beta**2 * pull"),
        "the chapter's β": gradient(d="0.1 * (np.asarray(a, float) - b)", result="-0.1 * pull, 0.1 * pull"),
        "divided by β": gradient(d="(np.asarray(a, float) - b) / beta", result="-pull / beta, pull / beta"),
        "the sum of the log ratios": gradient(d="beta * (np.asarray(a, float) + b)"),
        "the rejected one first": gradient(d="beta * (np.asarray(b, float) - a)"),
        "the right order pulls": gradient(pull="np.exp(-np.logaddexp(0, -d))"),
        "the slope of the sigmoid": gradient(pull="np.exp(-np.logaddexp(0, d) - np.logaddexp(0, -d))"),
        "the loss in place of its slope": gradient(pull="np.logaddexp(0, -d)"),
        "the loss without a logarithm": gradient(pull="np.exp(-np.logaddexp(0, d)) ** 2"),
        "an overflow": gradient(pull="np.exp(-d) / (1 + np.exp(-d))"),
        "margins cut at 2": gradient(d="np.clip(beta * (np.asarray(a, float) - b), -2, 2)"),
        "only the wrong way round": gradient(pull="(d < 0) + 0.5 * (d == 0)"),
        "a hinge": gradient(pull="(d < 1).astype(float)"),
        "an exponential loss": gradient(pull="np.exp(-np.clip(d, -50, 50))"),
        "IPO": gradient(result="2 * (d / beta - 1 / (2 * beta)), -2 * (d / beta - 1 / (2 * beta))"),
        "bits": gradient(result="-beta * pull / np.log(2), beta * pull / np.log(2)"),
        "the mean over the pairs": gradient(result="-beta * pull / len(pull), beta * pull / len(pull)"),
        "the batch added up": gradient(result="0 * pull - beta * pull.sum(), 0 * pull + beta * pull.sum()"),
        "nothing from the rejected one": gradient(result="-beta * pull, 0 * pull"),
        "half for each": gradient(result="-beta * pull / 2, beta * pull / 2"),
        "rounded": gradient(result="-(beta * pull).round(3), (beta * pull).round(3)"),
        "β times the margin alone": gradient(result="-d, d"),
    },
    "2": {
        "no counts": losses(answer="picked.sum(axis=1)"),
        "counts turned round": losses(answer="((1 - counts) * picked).sum(axis=1)"),
        "counts one place further": losses(answer="(np.roll(counts, 1, axis=1) * picked).sum(axis=1)"),
        "counts multiply the logits": losses(shifted="logits * counts[..., None]", answer="picked.sum(axis=1)"),
        "a mean over the answer": losses(answer="(counts * picked).sum(axis=1) / counts.sum(axis=1)"),
        "a mean over the row": losses(answer="(counts * picked).mean(axis=1)"),
        "logits, no softmax": losses(shifted="logits", log_probs="logits"),
        "no sum of the exponentials": losses(log_probs="shifted"),
        "probabilities, no logarithm": losses(log_probs="np.exp(shifted) / np.exp(shifted).sum(-1, keepdims=True)"),
        "a softmax over the time": losses(
            shifted="logits - logits.max(axis=1, keepdims=True)",
            log_probs="shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))"),
        "the largest logit is not taken away": losses(shifted="logits"),
        "a small number in the logarithm": losses(
            log_probs="np.log(np.exp(shifted) / np.exp(shifted).sum(-1, keepdims=True) + 1e-9)"),
        "the likeliest token in place of the target": losses(picked="log_probs.max(axis=-1)"),
        "the next target": losses(
            picked="np.take_along_axis(log_probs, np.roll(targets, -1, axis=1)[..., None], axis=-1)[..., 0]"),
        "costs in place of ln p": losses(answer="-(counts * picked).sum(axis=1)"),
        "no reference": losses(ratios="log_prob(logits)"),
        "the reference added": losses(ratios="log_prob(logits) + log_prob(reference_logits)"),
        "the ratio turned round": losses(ratios="log_prob(reference_logits) - log_prob(logits)"),
        "the difference of the logits": losses(ratios="log_prob(logits - reference_logits)"),
        "pairs side by side": losses(halves="ratios[::2], ratios[1::2]"),
        "the rejected ones first": losses(halves="np.split(ratios, 2)[::-1]"),
        "the other sign": losses(losses="np.logaddexp(0, beta * (chosen - rejected))"),
        "no β": losses(losses="np.logaddexp(0, rejected - chosen)"),
        "β outside": losses(losses="beta * np.logaddexp(0, rejected - chosen)"),
        "the chapter's β": losses(losses="np.logaddexp(0, 0.1 * (rejected - chosen))"),
        "a probability, no logarithm": losses(losses="1 - np.exp(-np.logaddexp(0, -beta * (chosen - rejected)))"),
        "an overflow": losses(losses="-np.log(1 / (1 + np.exp(-beta * (chosen - rejected))))"),
        "the margin cut": losses(losses="np.logaddexp(0, np.clip(-beta * (chosen - rejected), -500, 500))"),
        "the loss cut by a small number": losses(
            losses="-np.log(np.exp(-np.logaddexp(0, -beta * (chosen - rejected))) + 1e-12)"),
        "the mean over the pairs": losses(losses="np.logaddexp(0, -beta * (chosen - rejected)).mean()"),
        "the mean, once for each pair": losses(
            losses="np.full(len(chosen), np.logaddexp(0, -beta * (chosen - rejected)).mean())"),
        "a hinge": losses(losses="np.maximum(0, 1 - beta * (chosen - rejected))"),
        "IPO": losses(losses="(chosen - rejected - 1 / (2 * beta)) ** 2"),
    },
    "3": {
        "the share itself": limit(limit="share"),
        "twice the share minus 1": limit(limit="2 * share - 1"),
        "the odds": limit(limit="share / (1 - share)"),
        "the logarithm of the share": limit(limit="np.log(share)"),
        "above a half": limit(limit="np.log(share / 0.5)"),
        "the odds turned round": limit(limit="np.log((1 - share) / share)"),
        "half of it": limit(limit="np.log(share / (1 - share)) / 2"),
        "twice it": limit(limit="2 * np.log(share / (1 - share))"),
        "bits": limit(limit="np.log2(share / (1 - share))"),
        "decimal logarithm": limit(limit="np.log10(share / (1 - share))"),
        "times the chapter's β": limit(limit="0.1 * np.log(share / (1 - share))"),
        "divided by the chapter's β": limit(limit="np.log(share / (1 - share)) / 0.1"),
        "the sigmoid": limit(limit="1 / (1 + np.exp(-share))"),
        "never negative": limit(limit="max(0, np.log(share / (1 - share)))"),
        "without the sign": limit(limit="abs(np.log(share / (1 - share)))"),
        "nothing": limit(limit="0.0"),
        "the largest loss": limit(limit="-share * np.log(share) - (1 - share) * np.log(1 - share)"),
        "the training itself": limit(limit="margin_after(share)"),
        "a short training": limit(limit="margin_after(share, 20)"),
        "cut at 5": limit(limit="np.clip(np.log(share / (1 - share)), -5, 5)"),
        "a small number added": limit(limit="np.log((share + 1e-3) / (1 - share + 1e-3))"),
        "rounded": limit(limit="round(np.log(share / (1 - share)), 2)"),
        "the three shares alone": limit(limit="{0.5: 0.0, 0.8: np.log(4)}.get(share, 4.34)"),
        "IPO's": limit(limit="share - 0.5"),
        "two guesses": limit(guess="{0.5: 0.0, 0.8: 1.0}"),
        "a fourth guess": limit(guess="{0.3: -1.0, 0.5: 0.0, 0.8: 1.0, 1: 3.0}"),
        "shares in percent": limit(guess="{50: 0.0, 80: 1.0, 100: 3.0}"),
        "a guess left open": limit(guess="{0.5: 0.0, 0.8: 1.0, 1: np.nan}"),
    },
    "4": {
        "the first of the highest": picked(chosen="rewards.index(max(rewards))"),
        "the last of the lowest": picked(rejected="max(place for place in places if rewards[place] == min(rewards))"),
        "the first of both": picked(chosen="int(np.argmax(rewards))", rejected="int(np.argmin(rewards))"),
        "the last of the highest, counted from behind": picked(chosen="rewards[::-1].index(max(rewards))"),
        "the first of the highest, the last of the lowest": picked(
            chosen="int(np.argmax(rewards))", rejected="len(rewards) - 1 - int(np.argmin(rewards[::-1]))"),
        "the rejected one first": picked(result="rejected, chosen"),
        "counted from 1": picked(result="chosen + 1, rejected + 1"),
        "counted from the end": picked(result="chosen - len(rewards), rejected - len(rewards)"),
        "the rewards, not the places": picked(result="rewards[chosen], rewards[rejected]"),
        "the chosen one alone": picked(result="chosen,"),
        "all places of equals": picked(
            result="[place for place in places if rewards[place] in (max(rewards), min(rewards))]"),
        "a pair among equals": picked(equal="len(rewards) < 2"),
        "a pair in any case": picked(equal="False"),
        "a pair of a single answer": picked(equal="max(rewards) == min(rewards) and len(rewards) > 1"),
        "no pair if the highest is shared": picked(equal="rewards.count(max(rewards)) > 1 or len(rewards) < 2"),
        "no pair if any two are equal": picked(equal="len(set(rewards)) < len(rewards) or len(rewards) < 2"),
        "no pair of small differences": picked(equal="max(rewards) - min(rewards) < 0.5"),
        "no pair without a positive reward": picked(equal="max(rewards) <= max(0, min(rewards))"),
        "whole rewards": picked(equal="int(max(rewards)) == int(min(rewards))"),
        "an empty pair among equals": picked(none="()"),
        "twice the first among equals": picked(none="0, 0"),
        "first and last among equals": picked(none="len(rewards) - 1, 0"),
        "the first and the last answer": picked(chosen="len(rewards) - 1", rejected="0"),
        "the lowest above nothing": picked(
            rejected="min(places, key=lambda place: (rewards[place] <= 0, rewards[place]))"),
        "the last that is higher than its neighbour": picked(
            chosen="max([place for place in places[1:] if rewards[place] > rewards[place - 1]], default=0)"),
        "the second best": picked(chosen="sorted(places, key=lambda place: rewards[place])[-2]"),
        "the largest amount": picked(chosen="max(places, key=lambda place: (abs(rewards[place]), place))"),
        "a reversed sort": RANKED.format(
            ranked="sorted(range(len(rewards)), key=lambda place: rewards[place], reverse=True)[::-1]"),
        "sorted from above": RANKED.format(ranked="sorted(range(len(rewards)), key=lambda place: -rewards[place])"),
        "rank of each place": RANKED.format(ranked="np.argsort(np.argsort(rewards, kind='stable'), kind='stable')"),
    },
    "5": {
        "no square": ipo(loss="abs(a - b - 1 / (2 * beta))"),
        "a fourth power": ipo(loss="(a - b - 1 / (2 * beta)) ** 4"),
        "plus": ipo(loss="(a - b + 1 / (2 * beta)) ** 2"),
        "the rejected one first": ipo(loss="(b - a - 1 / (2 * beta)) ** 2"),
        "the sum of the log ratios": ipo(loss="(a + b - 1 / (2 * beta)) ** 2"),
        "the 2 forgotten": ipo(loss="(a - b - 1 / beta) ** 2"),
        "twice β": ipo(loss="(a - b - 2 * beta) ** 2"),
        "the margin, less a half": ipo(loss="(beta * (a - b) - 1 / 2) ** 2"),
        "the margin, less the target": ipo(loss="(beta * (a - b) - 1 / (2 * beta)) ** 2"),
        "β = 1": ipo(loss="(a - b - 0.5) ** 2"),
        "the chapter's β": ipo(loss="(a - b - 5.0) ** 2"),
        "the square of each part": ipo(loss="(a - b) ** 2 - (1 / (2 * beta)) ** 2"),
        "no pull from above": ipo(loss="tf.maximum(1 / (2 * beta) - (a - b), 0.0) ** 2 / 1"),
        "a minus in front": ipo(loss="-(a - b - 1 / (2 * beta)) ** 2"),
        "the loss of DPO": ipo(loss="dpo_loss(a, b, beta)"),
        "a hinge": ipo(loss="tf.maximum(1 / (2 * beta) - (a - b), 0.0)"),
        "trained with DPO": ipo(reached="{share: margin_after(share) for share in (0.5, 0.8, 1)}"),
        "a few steps": ipo(reached="{share: margin_after(share, 3, ipo_loss) for share in (0.5, 0.8, 1)}"),
        "a small rate": ipo(
            reached="{share: margin_after(share, loss=ipo_loss, rate=1e-3) for share in (0.5, 0.8, 1)}"),
        "the chapter's β in training": ipo(
            reached="{share: margin_after(share, 50, ipo_loss, 0.1, 0.01) / 0.1 for share in (0.5, 0.8, 1)}"),
        "another β": ipo(
            reached="{share: margin_after(share, loss=ipo_loss, beta=0.5) / 0.5 for share in (0.5, 0.8, 1)}"),
        "the shares, not the differences": ipo(reached="{share: share for share in (0.5, 0.8, 1)}"),
        "the target for every judge": ipo(reached="{share: 0.5 for share in (0.5, 0.8, 1)}"),
        "twice the share minus 1": ipo(reached="{share: 2 * share - 1 for share in (0.5, 0.8, 1)}"),
        "the limits of exercise 3": ipo(reached="{0.5: 0.0, 0.8: 1.39, 1: 4.34}"),
        "the other direction": ipo(
            reached="{share: -margin_after(share, loss=ipo_loss) for share in (0.5, 0.8, 1)}"),
        "rounded": ipo(reached="{share: round(margin_after(share, loss=ipo_loss)) for share in (0.5, 0.8, 1)}"),
        "two shares": ipo(reached="{share: margin_after(share, loss=ipo_loss) for share in (0.5, 0.8)}"),
        "shares as text": ipo(reached="{str(share): margin_after(share, loss=ipo_loss) for share in (0.5, 0.8, 1)}"),
        "shares that are not reached": ipo(later="reached[1] = reached[0.8]"),
    },
    "6": {
        "the word again and again": loophole(words="[asked.word] * count"),
        "one filler again and again": loophole(fillers="['za'] * 40"),
        "two fillers in turn": loophole(fillers="['za', 'ze'] * 20"),
        "the fillers begin again": loophole(fillers="['za', 'ze', 'zi', 'zo', 'zu'] * 5"),
        "no word": loophole(words="FILLERS[:count]"),
        "the word in pieces": loophole(words="[*asked.word, *FILLERS][:count]"),
        "the word with an ending": loophole(words="[asked.word + 'ly', *FILLERS][:count]"),
        "the length in place of the word": loophole(words="[asked.length, *FILLERS][:count]"),
        "one length for all": loophole(counts="{'short': 7, 'medium': 7, 'long': 7}"),
        "short is too long": loophole(counts="{'short': 8, 'medium': 10, 'long': 20}"),
        "medium is too short": loophole(counts="{'short': 3, 'medium': 7, 'long': 20}"),
        "medium is too long": loophole(counts="{'short': 3, 'medium': 16, 'long': 20}"),
        "long is too short": loophole(counts="{'short': 3, 'medium': 10, 'long': 15}"),
        "short and long exchanged": loophole(counts="{'short': 20, 'medium': 10, 'long': 3}"),
        "characters, not words": loophole(
            answer="f'{asked.speaker} to {asked.listener}:\\n' + ' '.join(words)[:count] + '.' + END"),
        "no end": loophole(answer="f'{asked.speaker} to {asked.listener}:\\n' + ' '.join(words) + '.'"),
        "no heading": loophole(answer="' '.join(words) + '.' + END"),
        "a heading of the speaker": loophole(answer="f'{asked.speaker}:\\n' + ' '.join(words) + '.' + END"),
        "a heading without a colon": loophole(
            answer="f'{asked.speaker} to {asked.listener}\\n' + ' '.join(words) + '.' + END"),
        "a heading without a line end": loophole(
            answer="f'{asked.speaker} to {asked.listener}: ' + ' '.join(words) + '.' + END"),
        "speaker and listener exchanged": loophole(
            answer="f'{asked.listener} to {asked.speaker}:\\n' + ' '.join(words) + '.' + END"),
        "names in capitals": loophole(
            answer="f'{asked.speaker} to {asked.listener}:\\n'.upper() + ' '.join(words) + '.' + END"),
        "the chapter's names": loophole(answer="'HAMLET to OPHELIA:\\n' + ' '.join(words) + '.' + END"),
        "the instruction in front": loophole(
            answer="instruction + f'{asked.speaker} to {asked.listener}:\\n' + ' '.join(words) + '.' + END"),
        "numbers as fillers": loophole(fillers="list(map(str, range(100)))"),
        "no spaces": loophole(answer="f'{asked.speaker} to {asked.listener}:\\n' + '-'.join(words) + '.' + END"),
        "a passage of Hamlet": loophole(
            fillers="speech_of(max(real[:60], key=lambda one: len(one.answer)).answer).split()",
            counts="{'short': 7, 'medium': 15, 'long': 17}"),
        "the real answers": loophole(
            answer="dict(real).get(instruction, f'{asked.speaker} to {asked.listener}:\\nI know not.$')"),
        "the costs exchanged": loophole(costs="{'loophole': nats_of(real[:40]), 'real': nats_of(found)}"),
        "no cost of the real ones": loophole(costs="{'loophole': nats_of(found)}"),
        "the loophole's cost twice": loophole(costs="{'loophole': nats_of(found), 'real': nats_of(found)}"),
        "ln p, not costs": loophole(costs="{'loophole': -nats_of(found), 'real': -nats_of(real[:40])}"),
        "bits": loophole(costs="{'loophole': nats_of(found) / np.log(2), 'real': nats_of(real[:40]) / np.log(2)}"),
        "a perplexity": loophole(costs="{'loophole': np.exp(nats_of(found)), 'real': np.exp(nats_of(real[:40]))}"),
        "nats per answer": loophole(
            costs="{name: -answer_log_probs(reference, each).mean() for name, each in "
            "{'loophole': found, 'real': real[:40]}.items()}"),
        "the first five": loophole(costs="{'loophole': nats_of(found[:5]), 'real': nats_of(real[:5])}"),
        "all of them": loophole(
            costs="{'loophole': nats_of([(asked, loophole(asked)) for asked, _ in real]), 'real': nats_of(real)}"),
        "another forty": loophole(costs="{'loophole': nats_of(found), 'real': nats_of(real[40:80])}"),
        "the instructions count, too": loophole(
            costs="{name: nats_of([(one[:1], one[1:] + two) for one, two in each]) for name, each in "
            "{'loophole': found, 'real': real[:40]}.items()}"),
        "other instructions": loophole(
            costs="{name: nats_of([(real[1][0], two) for _, two in each]) for name, each in "
            "{'loophole': found, 'real': real[:40]}.items()}"),
        "rounded": loophole(costs="{'loophole': round(nats_of(found) + 0.5), 'real': round(nats_of(real[:40]) + 0.5)}"),
    },
    "7": {
        "no second 3-gram": likeness(reward="float(np.mean(own_model.log_prob(speech)))"),
        "the other one first": likeness(
            reward="float(np.mean(play_model.log_prob(speech) - own_model.log_prob(speech)))"),
        "the sum of both": likeness(reward="float(np.mean(own_model.log_prob(speech) + play_model.log_prob(speech)))"),
        "a ratio of the means": likeness(
            reward="float(np.mean(own_model.log_prob(speech)) / np.mean(play_model.log_prob(speech)))"),
        "a sum, not a mean": likeness(reward="float(np.sum(own_model.log_prob(speech) - play_model.log_prob(speech)))"),
        "divided by all characters": likeness(
            reward="float(np.sum(own_model.log_prob(speech) - play_model.log_prob(speech)) / len(speech))"),
        "divided by the words": likeness(
            reward="float(np.sum(own_model.log_prob(speech) - play_model.log_prob(speech)) / len(speech.split()))"),
        "divided by the longest answer": likeness(
            reward="float(np.sum(own_model.log_prob(speech) - play_model.log_prob(speech)) / ANSWER)"),
        "probabilities, no logarithms": likeness(
            reward="float(np.mean(np.exp(own_model.log_prob(speech)) - np.exp(play_model.log_prob(speech))))"),
        "bits": likeness(
            reward="float(np.mean(own_model.log_prob(speech) - play_model.log_prob(speech))) / np.log(2)"),
        "a median": likeness(reward="float(np.median(own_model.log_prob(speech) - play_model.log_prob(speech)))"),
        "the share of likelier characters": likeness(
            reward="float(np.mean(own_model.log_prob(speech) > play_model.log_prob(speech)))"),
        "without the sign": likeness(
            reward="float(np.mean(abs(own_model.log_prob(speech) - play_model.log_prob(speech))))"),
        "rounded": likeness(
            reward="round(float(np.mean(own_model.log_prob(speech) - play_model.log_prob(speech))), 2)"),
        "two models of the own text": likeness(other="own_model"),
        "the texts exchanged": likeness(
            own=counted(3, "plays"), other=counted(3, "own_text")),
        "2-grams": likeness(
            own=counted(2, "own_text"), other=counted(2, "plays")),
        "4-grams": likeness(
            own=counted(4, "own_text"), other=counted(4, "plays")),
        "a 3-gram against a 2-gram": likeness(other=counted(2, "plays")),
        "all of the plays": likeness(other=counted(3, "rest")),
        "half of the own text": likeness(own=counted(3, "own_text[:len(own_text) // 2]")),
        "the heading counts, too": likeness(speech="answer.partition(END)[0]"),
        "the end counts, too": likeness(speech="answer.partition('\\n')[2]"),
        "the first line": likeness(speech="speech_of(answer).split('\\n')[0]"),
        "in small letters": likeness(speech="speech_of(answer).lower()"),
        "without line ends": likeness(speech="speech_of(answer).replace('\\n', ' ')"),
        "less than ten characters get 0": likeness(short="len(speech) < 10"),
        "not a number for silence": likeness(nothing="float('nan')"),
        "a punishment for silence": likeness(nothing="-10.0"),
        "rewards across the instructions": likeness(
            scores="np.array([likeness(example.answer) for example in tried]).reshape(16, 8).T"),
        "all in one row": likeness(
            scores="np.array([likeness(example.answer) for example in tried]).reshape(1, 128)"),
        "half of the instructions": likeness(
            scores="np.array([likeness(example.answer) for example in tried[:64]]).reshape(4, 16)"),
        "the highest of all": likeness(rise="{1: scores.mean(), 16: scores.max()}"),
        "the first answer to each": likeness(rise="{1: scores[:, 0].mean(), 16: scores.max(axis=1).mean()}"),
        "the best of eight": likeness(rise="{1: best_of_n(scores, 1), 16: best_of_n(scores, 8)}"),
        "the worst of 16": likeness(rise="{1: scores.mean(), 16: scores.min(axis=1).mean()}"),
        "the lowest and the highest": likeness(rise="{1: scores.min(axis=1).mean(), 16: scores.max(axis=1).mean()}"),
        "exchanged": likeness(rise="{1: best_of_n(scores, 16), 16: best_of_n(scores, 1)}"),
        "the rise from one to the other": likeness(
            rise="{1: best_of_n(scores, 1), 16: best_of_n(scores, 16) - best_of_n(scores, 1)}"),
        "rounded means": likeness(rise="{n: round(best_of_n(scores, n), 1) for n in (1, 16)}"),
        "a short text": likeness(later="own_text = own_text[:10_000]"),
    },
}
