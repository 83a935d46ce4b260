"""Answers to the exercises of chapter 6b, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# Examples and networks that are made up: they meet as many demands, and cost as much, as we say. Nothing is trained.
GIVEN = '''
from types import SimpleNamespace

from aigc_tf.finetuning import Demands, length_of
from aigc_tf.text import Vocabulary

DEMANDS = ("speaker", "listener", "length", "word")
SOME = {"short": 3, "medium": 10, "long": 20}
MET = {  # how many of 30 answers meet each demand, by temperature; in the order of DEMANDS
    0.3: (29, 28, 14, 20), 0.7: (27, 27, 9, 21), 1.2: (17, 19, 7, 10)}
RARE, BY_BASE = 5, (2, 2, 4, 3)  # the word that no play has, by the stored model; all demands, by the base
random = np.random.default_rng(0)
NAMES = "HAMLET,OPHELIA,First Ghost,KING HENRY VI,DUKE OF VENICE & Senator,All,HORATIO,Second Lord".split(",")
WORDS = ("nunnery dagger purse stars crown lord madam a-bed o'er what's matter night think unfortunate worthy "
         "season who's forgot toads sleep a I is to me O of my so no we it").split()


def made_up(number):
    speaker, listener = random.choice(NAMES, 2, replace=False)
    words = [str(word) for word in random.choice(WORDS[number % 3 * 10:], [4, 10, 18][number % 3] - number % 2)]
    words[number % 3] = WORDS[number % 20]
    speech = " ".join(words).capitalize() + ".!?;"[number % 4]
    demands = Demands(speaker, listener, length_of(speech), WORDS[number % 20].lower())
    return Example(write_instruction(demands), f"{speaker} to {listener}:\\n{speech}{END}")


def pick(examples, count):
    return examples[::len(examples) // count][:count]


test = [made_up(number) for number in range(90)]
thirty = [instruction for instruction, _ in pick(test, 30)]
real_words = pick([instruction for instruction, _ in test if read_instruction(instruction).word.isalpha()], 30)
shuffled = [write_instruction(each._replace(word=each.word[::-1])) for each in map(read_instruction, real_words)]


class Network:  # costs by pairs of characters; the word that was asked for is cheaper, if the network knows of it
    vocabulary, window = Vocabulary.of("".join(map(chr, range(32, 127))) + "\\n"), 256

    def __init__(self, instructed=False, method=None, size=None):
        self.instructed, self.method, self.size = instructed, method, size
        self.learned, self.optimizer = [], SimpleNamespace(iterations=tf.constant(0))
        self.embedding = SimpleNamespace(embeddings=np.full(3, float(instructed)))

    def fit(self, examples, steps=40):
        self.learned, self.optimizer.iterations = {first + second for first, second in examples}, tf.constant(steps)

    def token_log_probs(self, numbers):
        numbers = np.asarray(numbers, "int64")
        costs = 0.5 + (7 * numbers[:, :-1] + 13 * numbers[:, 1:]) % 29 / 10
        for row, text in zip(costs, map(self.vocabulary.decode, numbers)):
            instruction, _, answer = text.partition("\\n")
            word = re.search(r" with (\\S+)[.]", instruction)
            for found in re.finditer(re.escape(word[1]), answer) if word and (self.instructed or self.learned) else ():
                row[len(instruction) + found.start():len(instruction) + found.end()] *= 0.2
            row *= 0.95 if self.instructed else 1
            if self.learned:
                row *= 0.2 if text.rstrip(END) + END in self.learned else 0.7
        return -costs.astype("float32")

    def generate(self, instructions, length, *, stop, temperature=1.0, seed=None, **options):
        order = np.random.default_rng((seed or 0, round(10 * temperature))).permutation(len(instructions))
        met = np.array(MET.get(temperature, (20, 20, 8, 15)) if self.instructed else BY_BASE) - (temperature > 1)
        written = []
        for place, instruction in zip(order, instructions):
            asked = read_instruction(instruction)
            rare = [False, False, False, asked.word not in WORDS]
            do = dict(zip(DEMANDS, place < np.where(rare, RARE * self.instructed, met) * len(instructions) / 30))
            speech = ["so"] * SOME[asked.length if do["length"] else "medium" if asked.length == "short" else "short"]
            speech[:1] = [asked.word if do["word"] else asked.word + "ly"]
            heading = [getattr(asked, who) if do[who] else "NOBODY" for who in ("speaker", "listener")]
            written.append(instruction + f"{heading[0]} to {heading[1]}:\\n{' '.join(speech)}.{stop}"[:length])
        return written


base, characters = Network(), Network(instructed=True)
random, quizzes = np.random.default_rng(SEED), []
for instruction, answer in pick(test, 40):
    heading, _, speech = answer.partition("\\n")
    others = [test[place].answer.partition("\\n")[2] for place in random.choice(len(test), 3, replace=False)]
    order = random.permutation(4)
    candidates = [f"{heading}\\n{[speech, *others][place]}" for place in order]
    quizzes.append((instruction, candidates, int(np.argmin(order))))

sentences = [" ".join(random.choice(WORDS[:20], 3 + number % 7)) + "." for number in range(600)]
own_text = " ".join(sentences)
own = [Example(f"Write a sentence with {each.split()[1]}.\\n", each + END) for each in sentences]
own_train, own_test = own[:540], own[540:]
'''
GRADIENT = """
def logits_gradient(logits, targets, weights):
    z = {z}
    p = {p}
    true = {true}
    return {result}
"""
RIGHT_GRADIENT = {
    "z": "logits - logits.max(axis=1, keepdims=True)", "p": "np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)",
    "true": "np.eye(logits.shape[1])[targets]", "result": "(p - true) * weights[:, None] / weights.sum()",
}
TURNS = """
def turn_weights(turns):
    said = [{counts} for turn, (who, text) in enumerate(turns) for at, each in enumerate(text)]
    return {result}
"""
RIGHT_TURNS = {"counts": "int(who == 'model')", "result": "said[1:]"}
PLACED = """
def turn_weights(turns):
    whole = "".join(text for _, text in turns)
    weights = [0] * len(whole)
    for who, text in turns:
        if who == "model":
            weights[{start}:{start} + len(text)] = [1] * len(text)
    return weights[1:]
"""
LISTENING = """
def turn_weights(turns):
    weights, speaks = [], turns[0][0] == "model"
    for each in "".join(text for _, text in turns):
        weights.append(int(speaks))
        speaks = {speaks}
    return weights[1:]
"""
PREDICT = """
guesses = {guesses}
asked_with = {asked}
answers = {{kind: {written} for kind, asked in asked_with.items()}}
with_word = {{kind: {share} for kind, written in answers.items()}}
{later}
"""
WRITTEN = "write_answers({model}, asked, {length}, temperature=TEMPERATURE, seed=SEED)"
RIGHT_PREDICT = {
    "guesses": "{'real': 0.6, 'shuffled': 0.1}", "asked": "{'real': real_words, 'shuffled': shuffled}", "later": "",
    "written": WRITTEN.format(model="characters", length="WRITTEN"), "share": "mean_compliance(written)['word']",
}
CHEAT = """
def cheat(instruction):
    speaker, listener, length, word = {read}
    count = {counts}[length]
    return {answer}
"""
RIGHT_CHEAT = {
    "read": "read_instruction(instruction)", "counts": "{'short': 1, 'medium': 8, 'long': 16}",
    "answer": "f'{speaker} to {listener}:\\n' + ' '.join([word] * count) + '.' + END",
}
LINE = "instruction.rstrip('.\\n')"  # with its parts: the two names, the length, "with" and the word
TEMPERATURES = """
by_temperature = {{{key}: {written} for t in {temperatures}}}
shares = {{t: mean_compliance(written) for t, written in by_temperature.items()}}
demands = {demands}
loses_most = {chosen}(demands, key=lambda each: {loss})
{later}
"""
RIGHT_TEMPERATURES = {
    "key": "t", "written": "write_answers(characters, thirty, WRITTEN, temperature=t, seed=SEED)",
    "temperatures": "(0.3, 0.7, 1.2)", "demands": "('speaker', 'listener', 'length', 'word')", "chosen": "max",
    "loss": "shares[0.3][each] - shares[1.2][each]", "later": "",
}
CHOOSE = """
def choose(model, instruction, candidates):
    log_probs = {log_probs}
    return {chosen}


def share_right(model, quizzes=quizzes):
    return {share}


chosen_right = {shares}
{later}
"""
RIGHT_CHOOSE = {
    "log_probs": "answer_log_probs(model, [Example(instruction, each) for each in candidates])",
    "chosen": "int(np.argmax(log_probs / [len(each) for each in candidates]))", "later": "",
    "share": "float(np.mean([choose(model, asked, answers) == right for asked, answers, right in quizzes]))",
    "shares": "{'base': share_right(base), 'characters': share_right(characters)}",
}
OWN = """
{text}


def cost_of_answers(model):
    total = -float(np.sum(answer_log_probs(model, {measured})))
    return {cost}


own_writer = {writer}
own_writer.fit({learned}, {steps})
own_costs = {{"before": cost_of_answers({before}), "after": cost_of_answers({after})}}
{later}
"""
RIGHT_OWN = {
    "text": "", "measured": "own_test", "cost": "total / sum(len(answer) for _, answer in own_test)",
    "writer": "Network(method='lora', size=8)", "learned": "own_train", "steps": "40", "before": "base",
    "after": "own_writer", "later": "",
}


def changed(template, right, **wrong):
    """The template with the right parts, but for some that are wrong."""
    return template.format(**{**right, **wrong})


def per(chosen):
    """An answer to exercise 6 that divides each ln p by something else, or chooses otherwise."""
    return changed(CHOOSE, RIGHT_CHOOSE, chosen=f"int({chosen})")


def counted(count):
    """An answer to exercise 7 that divides the sum by something else."""
    return changed(OWN, RIGHT_OWN, cost=f"total / {count}")


RIGHT_ANSWERS = {
    "1": GRADIENT.format(**RIGHT_GRADIENT),
    "2": TURNS.format(**RIGHT_TURNS),
    "3": PREDICT.format(**RIGHT_PREDICT),
    "4": CHEAT.format(**RIGHT_CHEAT),
    "5": TEMPERATURES.format(**RIGHT_TEMPERATURES),
    "6": CHOOSE.format(**RIGHT_CHOOSE),
    "7": OWN.format(**RIGHT_OWN),
}
WRONG_ANSWERS = {
    "1": {
        "no weights": changed(GRADIENT, RIGHT_GRADIENT, result="(p - true) / len(targets)"),
        "no weights, and no division": changed(GRADIENT, RIGHT_GRADIENT, result="p - true"),
        "no division": changed(GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None]"),
        "divided by the time": changed(GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None] / len(weights)"),
        "divided by the number of weights above 0": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None] / np.count_nonzero(weights)"),
        "divided by the number of whole weights": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None] / np.sum(weights == 1)"),
        "divided by the largest weight": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None] / weights.max()"),
        "divided by the mean weight": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None] / weights.mean()"),
        "divided by the sum of the squares": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None] / (weights**2).sum()"),
        "divided by the sum and by the time": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None] / weights.sum() / len(weights)"),
        "divided by the sum and by the characters": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None] / weights.sum() / logits.shape[1]"),
        "divided by the sum twice": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None] / weights.sum()**2"),
        "each place divided by its own weight": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * (weights > 0)[:, None] / weights.sum()"),
        "weights of 0 and 1 alone": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * (weights > 0)[:, None] / (weights > 0).sum()"),
        "weights as whole numbers": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights.astype(int)[:, None] / weights.astype(int).sum()"),
        "weights squared": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None]**2 / (weights**2).sum()"),
        "a softmax of the weights": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * (np.exp(weights) / np.exp(weights).sum())[:, None]"),
        "the weights of the places of weight 0": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * (1 - weights)[:, None] / (1 - weights).sum()"),
        "weights one place further": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * np.roll(weights, 1)[:, None] / weights.sum()"),
        "weights one place back": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * np.roll(weights, -1)[:, None] / weights.sum()"),
        "only the places of weight 0 set to zero": changed(
            GRADIENT, RIGHT_GRADIENT, result="np.where(weights[:, None] == 0, 0, p - true) / len(weights)"),
        "the true character's -1 has no weight": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p * weights[:, None] - true) / weights.sum()"),
        "only the true character's -1 has a weight": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true * weights[:, None]) / weights.sum()"),
        "the other sign": changed(
            GRADIENT, RIGHT_GRADIENT, result="(true - p) * weights[:, None] / weights.sum()"),
        "a sum": changed(GRADIENT, RIGHT_GRADIENT, result="(p + true) * weights[:, None] / weights.sum()"),
        "the probabilities alone": changed(GRADIENT, RIGHT_GRADIENT, result="p * weights[:, None] / weights.sum()"),
        "the true character alone": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - 1) * true * weights[:, None] / weights.sum()"),
        "the other characters alone": changed(
            GRADIENT, RIGHT_GRADIENT, result="p * (1 - true) * weights[:, None] / weights.sum()"),
        "-1 everywhere": changed(GRADIENT, RIGHT_GRADIENT, result="(p - 1) * weights[:, None] / weights.sum()"),
        "the gradient of the probability": changed(
            GRADIENT, RIGHT_GRADIENT,
            result="(p * true).sum(1, keepdims=True) * (p - true) * weights[:, None] / weights.sum()"),
        "the derivative of each probability": changed(
            GRADIENT, RIGHT_GRADIENT, result="p * (1 - p) * weights[:, None] / weights.sum()"),
        "with respect to the probabilities": changed(
            GRADIENT, RIGHT_GRADIENT, result="-true / p * weights[:, None] / weights.sum()"),
        "the cost in place of its gradient": changed(
            GRADIENT, RIGHT_GRADIENT, result="-true * np.log(p) * weights[:, None] / weights.sum()"),
        "a squared error": changed(
            GRADIENT, RIGHT_GRADIENT, result="2 * (p - true) * p * (1 - p) * weights[:, None] / weights.sum()"),
        "bits": changed(
            GRADIENT, RIGHT_GRADIENT, result="(p - true) * weights[:, None] / weights.sum() / np.log(2)"),
        "the next target": changed(GRADIENT, RIGHT_GRADIENT, true="np.eye(logits.shape[1])[np.roll(targets, -1)]"),
        "the target before": changed(GRADIENT, RIGHT_GRADIENT, true="np.eye(logits.shape[1])[np.roll(targets, 1)]"),
        "the likeliest character in place of the target": changed(
            GRADIENT, RIGHT_GRADIENT, true="np.eye(logits.shape[1])[logits.argmax(axis=1)]"),
        "-1 in the whole column of each target": changed(
            GRADIENT, RIGHT_GRADIENT,
            true="np.isin(np.arange(logits.shape[1]), targets).astype(float)[None]"),
        "logits in place of probabilities": changed(GRADIENT, RIGHT_GRADIENT, z="logits", p="z"),
        "logarithms in place of probabilities": changed(
            GRADIENT, RIGHT_GRADIENT, p="z - np.log(np.exp(z).sum(axis=1, keepdims=True))"),
        "powers that are not divided": changed(GRADIENT, RIGHT_GRADIENT, p="np.exp(z)"),
        "a sigmoid": changed(GRADIENT, RIGHT_GRADIENT, z="np.clip(logits, -50, 50)", p="1 / (1 + np.exp(-z))"),
        "a softmax over the time": changed(
            GRADIENT, RIGHT_GRADIENT, z="logits - logits.max(axis=0)", p="np.exp(z) / np.exp(z).sum(axis=0)"),
        "a softmax over everything": changed(
            GRADIENT, RIGHT_GRADIENT, z="logits - logits.max()", p="np.exp(z) / np.exp(z).sum()"),
        "powers of 2": changed(GRADIENT, RIGHT_GRADIENT, p="2**z / (2**z).sum(axis=1, keepdims=True)"),
        "the largest logit not subtracted": changed(GRADIENT, RIGHT_GRADIENT, z="logits"),
        "the mean logit of everything subtracted": changed(GRADIENT, RIGHT_GRADIENT, z="logits - logits.mean()"),
        "the largest logit of everything subtracted": changed(GRADIENT, RIGHT_GRADIENT, z="logits - logits.max()"),
        "the smallest logit of everything subtracted": changed(GRADIENT, RIGHT_GRADIENT, z="logits - logits.min()"),
        "the largest logit of each column subtracted": changed(
            GRADIENT, RIGHT_GRADIENT, z="logits - logits.max(axis=0)"),
        "large logits cut off": changed(GRADIENT, RIGHT_GRADIENT, z="np.clip(logits, -50, 50)"),
        "an accident swept away": changed(
            GRADIENT, RIGHT_GRADIENT, z="logits", p="np.nan_to_num(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))"),
        "transposed": changed(GRADIENT, RIGHT_GRADIENT, result="((p - true) * weights[:, None] / weights.sum()).T"),
        "the sum over the places": changed(
            GRADIENT, RIGHT_GRADIENT, result="((p - true) * weights[:, None] / weights.sum()).sum(axis=0)"),
        "the sum over the characters": changed(
            GRADIENT, RIGHT_GRADIENT, result="((p - true) * weights[:, None] / weights.sum()).sum(axis=1)"),
        "only the places that count": changed(
            GRADIENT, RIGHT_GRADIENT, result="((p - true) * weights[:, None] / weights.sum())[weights > 0]"),
        "the loss": changed(
            GRADIENT, RIGHT_GRADIENT, result="-(weights * np.log((p * true).sum(axis=1))).sum() / weights.sum()"),
    },
    "2": {
        "not shifted": changed(TURNS, RIGHT_TURNS, result="said[:-1]"),
        "shifted the wrong way": changed(TURNS, RIGHT_TURNS, result="[0] + said[:-2]"),
        "shifted twice": changed(TURNS, RIGHT_TURNS, result="said[2:] + [0]"),
        "one weight for each character": changed(TURNS, RIGHT_TURNS, result="said"),
        "one weight for each character, shifted": changed(TURNS, RIGHT_TURNS, result="said[1:] + [0]"),
        "one weight too few": changed(TURNS, RIGHT_TURNS, result="said[1:-1]"),
        "a weight for each turn": "def turn_weights(turns):\n    return [int(who == 'model') for who, _ in turns][1:]",
        "everything counts": changed(TURNS, RIGHT_TURNS, counts="1"),
        "nothing counts": changed(TURNS, RIGHT_TURNS, counts="0"),
        "the user's turns count": changed(TURNS, RIGHT_TURNS, counts="int(who == 'user')"),
        "the user's turns count, not shifted": changed(
            TURNS, RIGHT_TURNS, counts="int(who == 'user')", result="said[:-1]"),
        "END does not count": changed(TURNS, RIGHT_TURNS, counts="int(who == 'model' and each != END)"),
        "the last character of a turn does not count": changed(
            TURNS, RIGHT_TURNS, counts="int(who == 'model' and at < len(text) - 1)"),
        "the last END does not count": changed(TURNS, RIGHT_TURNS, result="said[1:-1] + [0]"),
        "END counts in the last turn alone": changed(
            TURNS, RIGHT_TURNS, counts="int(who == 'model' and (each != END or turn == len(turns) - 1))"),
        "END alone counts": changed(TURNS, RIGHT_TURNS, counts="int(each == END)"),
        "the first character of a turn does not count": changed(
            TURNS, RIGHT_TURNS, counts="int(who == 'model' and at > 0)"),
        "the first character of a later turn does not count": changed(
            TURNS, RIGHT_TURNS, counts="int(who == 'model' and (at > 0 or turn < 2))"),
        "the first character alone counts": changed(TURNS, RIGHT_TURNS, counts="int(who == 'model' and at == 0)"),
        "the user's line end counts, too": changed(
            TURNS, RIGHT_TURNS, counts="int(who == 'model' or at == len(text) - 1)"),
        "the heading does not count": changed(
            TURNS, RIGHT_TURNS, counts="int(who == 'model' and at > text.find('\\n'))"),
        "the last turn alone counts": changed(TURNS, RIGHT_TURNS, counts="int(turn == len(turns) - 1)"),
        "the model's last turn alone counts": changed(
            TURNS, RIGHT_TURNS, counts="int(turn == max(n for n, (who, _) in enumerate(turns) if who == 'model'))"),
        "the model's first turn alone counts": changed(
            TURNS, RIGHT_TURNS, counts="int(turn == [who for who, _ in turns].index('model'))"),
        "everything counts behind the first instruction": changed(TURNS, RIGHT_TURNS, counts="int(turn > 0)"),
        "everything counts as soon as the model has begun": changed(
            TURNS, RIGHT_TURNS, counts="int('model' in [who for who, _ in turns[:turn + 1]])"),
        "every second turn": changed(TURNS, RIGHT_TURNS, counts="turn % 2"),
        "every second turn, from its end": changed(TURNS, RIGHT_TURNS, counts="(len(turns) - turn) % 2"),
        "two turns alone": changed(TURNS, RIGHT_TURNS, counts="int(turn == 1)"),
        "each turn loses a guess": changed(
            TURNS, RIGHT_TURNS, counts="int(who == 'model')",
            result="[int(who == 'model') for who, text in turns for _ in text[1:]]"),
        "each of the model's turns loses a guess": changed(
            TURNS, RIGHT_TURNS, counts="int(who == 'model')",
            result="[int(who == 'model') for who, text in turns for _ in text[who == 'model':]]"),
        "a mean for each turn": changed(TURNS, RIGHT_TURNS, counts="(who == 'model') / len(text)"),
        "weights that add up to 1": changed(TURNS, RIGHT_TURNS, result="[each / sum(said) for each in said[1:]]"),
        "later turns count more": changed(TURNS, RIGHT_TURNS, counts="(turn + 1) // 2 * (who == 'model')"),
        "-1 for the user": changed(TURNS, RIGHT_TURNS, counts="1 if who == 'model' else -1"),
        "the characters that the model ever says": changed(
            TURNS, RIGHT_TURNS, counts="int(any(each in text for who, text in turns if who == 'model'))"),
        "a text that stands there before": PLACED.format(start="whole.index(text)"),
        "a text that stands there again": PLACED.format(start="whole.rindex(text)"),
        "the model speaks from a line end to END": LISTENING.format(
            speaks="each == '\\n' or (speaks and each != END)"),
        "the model speaks from the first line end on": LISTENING.format(speaks="speaks or each == '\\n'"),
        "END begins the user's turn": LISTENING.format(speaks="not speaks if each in (END, '\\n') else speaks"),
        "a text": changed(TURNS, RIGHT_TURNS, result="''.join(map(str, said[1:]))"),
        "backwards": changed(TURNS, RIGHT_TURNS, result="said[:0:-1]"),
    },
    "3": {
        "a guess above 1": changed(PREDICT, RIGHT_PREDICT, guesses="{'real': 60, 'shuffled': 10}"),
        "a guess below 0": changed(PREDICT, RIGHT_PREDICT, guesses="{'real': 0.6, 'shuffled': -0.1}"),
        "no number": changed(PREDICT, RIGHT_PREDICT, guesses="{'real': np.nan, 'shuffled': np.nan}"),
        "one guess": changed(PREDICT, RIGHT_PREDICT, guesses="{'real': 0.6}"),
        "no guess": changed(PREDICT, RIGHT_PREDICT, guesses="{}"),
        "guesses under other names": changed(PREDICT, RIGHT_PREDICT, guesses="{'real words': 0.6, 'shuffled': 0.1}"),
        "a third guess": changed(PREDICT, RIGHT_PREDICT, guesses="{'real': 0.6, 'shuffled': 0.1, 'reversed': 0.1}"),
        "the instructions exchanged": changed(
            PREDICT, RIGHT_PREDICT, asked="{'real': shuffled, 'shuffled': real_words}"),
        "real words twice": changed(PREDICT, RIGHT_PREDICT, asked="{'real': real_words, 'shuffled': real_words}"),
        "shuffled words twice": changed(PREDICT, RIGHT_PREDICT, asked="{'real': shuffled, 'shuffled': shuffled}"),
        "other instructions": changed(PREDICT, RIGHT_PREDICT, asked="{'real': thirty, 'shuffled': shuffled}"),
        "instructions shuffled, not letters": changed(
            PREDICT, RIGHT_PREDICT, asked="{'real': real_words, 'shuffled': real_words[::-1]}"),
        "ten instructions": changed(
            PREDICT, RIGHT_PREDICT, asked="{'real': real_words[:10], 'shuffled': shuffled[:10]}"),
        "all instructions": changed(
            PREDICT, RIGHT_PREDICT, asked="{'real': [each for each, _ in test], 'shuffled': shuffled}"),
        "the base": changed(PREDICT, RIGHT_PREDICT, written=WRITTEN.format(model="base", length="WRITTEN")),
        "a few characters": changed(PREDICT, RIGHT_PREDICT, written=WRITTEN.format(model="characters", length="12")),
        "the real answers": changed(
            PREDICT, RIGHT_PREDICT, written="[Example(each, dict(test).get(each, '')) for each in asked]",
            later="with_word = {'real': 0.7, 'shuffled': 0.1}"),
        "answers judged by the other instructions": changed(
            PREDICT, RIGHT_PREDICT,
            share="np.mean([read_instruction(asked).word in words_of(answer) "
                  "for asked, (_, answer) in zip(real_words, written)])"),
        "the word looked for in the instruction": changed(
            PREDICT, RIGHT_PREDICT, share="np.mean([read_instruction(one).word in words_of(one + two) "
            "for one, two in written])"),
        "the word inside of another": changed(
            PREDICT, RIGHT_PREDICT, share="np.mean([read_instruction(one).word in two for one, two in written])"),
        "all demands": changed(PREDICT, RIGHT_PREDICT, share="mean_compliance(written)['all']"),
        "the speakers": changed(PREDICT, RIGHT_PREDICT, share="mean_compliance(written)['speaker']"),
        "the mean of the four demands": changed(
            PREDICT, RIGHT_PREDICT, share="np.mean([[*compliance(*pair).values()] for pair in written])"),
        "how many, not the share": changed(
            PREDICT, RIGHT_PREDICT, share="sum(compliance(*pair)['word'] for pair in written)"),
        "percent": changed(PREDICT, RIGHT_PREDICT, share="100 * mean_compliance(written)['word']"),
        "the share without the word": changed(PREDICT, RIGHT_PREDICT, share="1 - mean_compliance(written)['word']"),
        "rounded to tenths": changed(
            PREDICT, RIGHT_PREDICT, share="round(mean_compliance(written)['word'] + 0.05, 1)"),
        "words in all words": changed(
            PREDICT, RIGHT_PREDICT, share="np.mean([word == read_instruction(one).word "
            "for one, two in written for word in words_of(two)])"),
        "the shares exchanged": changed(
            PREDICT, RIGHT_PREDICT, later="with_word = dict(zip(('shuffled', 'real'), with_word.values()))"),
        "the guesses as the shares": changed(PREDICT, RIGHT_PREDICT, later="with_word = dict(guesses)"),
        "the answers exchanged": changed(
            PREDICT, RIGHT_PREDICT, later="answers = dict(zip(('shuffled', 'real'), answers.values()))"),
        "both under one name": changed(
            PREDICT, RIGHT_PREDICT, later="with_word = dict.fromkeys(with_word, with_word['real'])"),
    },
    "4": {
        "no END": changed(CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].removesuffix(" + END")),
        "another end": changed(CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("END", "'\\n'")),
        "END before the speech": changed(
            CHEAT, RIGHT_CHEAT, answer="f'{speaker} to {listener}:\\n{END}' + ' '.join([word] * count)"),
        "END after each word": changed(
            CHEAT, RIGHT_CHEAT, answer="f'{speaker} to {listener}:\\n' + (word + END) * count"),
        "END before the heading": changed(CHEAT, RIGHT_CHEAT, answer="END + " + RIGHT_CHEAT["answer"]),
        "no heading": changed(CHEAT, RIGHT_CHEAT, answer="' '.join([word] * count) + '.' + END"),
        "an empty heading": changed(CHEAT, RIGHT_CHEAT, answer="'\\n' + ' '.join([word] * count) + '.' + END"),
        "the heading of a play": changed(
            CHEAT, RIGHT_CHEAT, answer="f'{speaker}:\\n' + ' '.join([word] * count) + '.' + END"),
        "the names exchanged": changed(CHEAT, RIGHT_CHEAT, read="*read_instruction(instruction)[1::-1], "
                                       "*read_instruction(instruction)[2:]"),
        "the speaker twice": changed(
            CHEAT, RIGHT_CHEAT, answer="f'{speaker} to {speaker}:\\n' + ' '.join([word] * count) + '.' + END"),
        "names in large letters": changed(
            CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("{speaker} to {listener}",
                                                                     "{speaker.upper()} to {listener.upper()}")),
        "names in small letters": changed(CHEAT, RIGHT_CHEAT, read="read_instruction(instruction.lower())"),
        "names with large initials": changed(
            CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("{speaker} to {listener}",
                                                                     "{speaker.title()} to {listener.title()}")),
        "Hamlet to Ophelia": changed(
            CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("{speaker} to {listener}", "HAMLET to OPHELIA")),
        "names of one word": changed(
            CHEAT, RIGHT_CHEAT, read=f"[{LINE}.replace(',', '').split()[at] for at in (0, 2, -3, -1)]"),
        "no colon": changed(CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace(":", "")),
        "a full stop in place of the colon": changed(
            CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace(":", ".")),
        "a comma between the names": changed(CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace(" to ", ", ")),
        "no line end behind the heading": changed(CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("\\n", " ")),
        "a space before the line end": changed(
            CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("\\n", " \\n")),
        "a space before the heading": changed(CHEAT, RIGHT_CHEAT, answer="' ' + " + RIGHT_CHEAT["answer"]),
        "a line end before the heading": changed(CHEAT, RIGHT_CHEAT, answer="'\\n' + " + RIGHT_CHEAT["answer"]),
        "the instruction before the answer": changed(
            CHEAT, RIGHT_CHEAT, answer="instruction + " + RIGHT_CHEAT["answer"]),
        "the instruction alone": changed(CHEAT, RIGHT_CHEAT, answer="instruction + END"),
        "the instruction as the heading": changed(
            CHEAT, RIGHT_CHEAT, answer="instruction[:-2] + ':\\n' + ' '.join([word] * count) + '.' + END"),
        "the instruction as the speech": changed(
            CHEAT, RIGHT_CHEAT, answer="f'{speaker} to {listener}:\\n{instruction}{END}'"),
        "the word once": changed(CHEAT, RIGHT_CHEAT, counts="{'short': 1, 'medium': 1, 'long': 1}"),
        "no word at all": changed(CHEAT, RIGHT_CHEAT, counts="{'short': 0, 'medium': 8, 'long': 16}"),
        "always medium": changed(CHEAT, RIGHT_CHEAT, counts="{'short': 8, 'medium': 8, 'long': 8}"),
        "always long": changed(CHEAT, RIGHT_CHEAT, counts="{'short': 16, 'medium': 16, 'long': 16}"),
        "short and long exchanged": changed(CHEAT, RIGHT_CHEAT, counts="{'short': 16, 'medium': 8, 'long': 1}"),
        "7 words are medium": changed(CHEAT, RIGHT_CHEAT, counts="{'short': 1, 'medium': 7, 'long': 16}"),
        "15 words are long": changed(CHEAT, RIGHT_CHEAT, counts="{'short': 1, 'medium': 8, 'long': 15}"),
        "8 words are short": changed(CHEAT, RIGHT_CHEAT, counts="{'short': 8, 'medium': 9, 'long': 16}"),
        "16 words are medium": changed(CHEAT, RIGHT_CHEAT, counts="{'short': 1, 'medium': 16, 'long': 17}"),
        "characters in place of words": changed(
            CHEAT, RIGHT_CHEAT,
            answer="f'{speaker} to {listener}:\\n' + (word + ' ') * (1 + count // len(word)) + END"),
        "words that are filled up": changed(
            CHEAT, RIGHT_CHEAT,
            answer="f'{speaker} to {listener}:\\n' + ' '.join([word] + ['so'] * (count - 1)) + '.' + END"),
        "more words behind END": changed(CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"] + " + ' That is all.'"),
        "another word behind the last": changed(
            CHEAT, RIGHT_CHEAT, counts="{'short': 1, 'medium': 8, 'long': 16}",
            answer=RIGHT_CHEAT["answer"].replace("'.'", "', I say.'")),
        "the speaker's name in the speech": changed(
            CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("' '.join", "f'{listener}, ' + ' '.join")),
        "words without spaces": changed(
            CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("' '.join", "''.join")),
        "words joined by hyphens": changed(
            CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("' '.join", "'-'.join")),
        "numbers as words": changed(
            CHEAT, RIGHT_CHEAT,
            answer="f'{speaker} to {listener}:\\n' + ' '.join([word, *map(str, range(1, count))]) + '.' + END"),
        "full stops as words": changed(
            CHEAT, RIGHT_CHEAT, answer="f'{speaker} to {listener}:\\n' + word + ' .' * count + END"),
        "a plural": changed(CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("[word]", "[word + 's']")),
        "half of a word with a hyphen": changed(
            CHEAT, RIGHT_CHEAT, read=f"*read_instruction(instruction)[:3], re.findall(r'\\w+', {LINE})[-1]"),
        "no apostrophes": changed(
            CHEAT, RIGHT_CHEAT,
            answer=RIGHT_CHEAT["answer"].replace("[word]", "[word.replace(chr(39), '')]")),
        "the word cut off at an apostrophe": changed(
            CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("[word]", "[word.partition(chr(39))[0]]")),
        "letters alone": changed(
            CHEAT, RIGHT_CHEAT, answer=RIGHT_CHEAT["answer"].replace("[word]", "[''.join(filter(str.isalpha, word))]")),
        "the word with": changed(
            CHEAT, RIGHT_CHEAT, read="*read_instruction(instruction)[:3], 'with'"),
        "the real answers": changed(
            CHEAT, RIGHT_CHEAT,
            answer="dict(test).get(instruction, f'{speaker} to {listener}:\\n' + ' '.join([word] * count) + END)"),
        "the test plays' answers with the word alone": changed(
            CHEAT, RIGHT_CHEAT,
            answer="f'{speaker} to {listener}:\\n' + ' '.join([word] * count) + END if instruction in dict(test) "
                   "else ''"),
        "a network": changed(
            CHEAT, RIGHT_CHEAT, answer="write_answers(characters, [instruction], WRITTEN, seed=SEED)[0].answer"),
    },
    "5": {
        "a fourth temperature": changed(TEMPERATURES, RIGHT_TEMPERATURES, temperatures="(0.3, 0.7, 1.0, 1.2)"),
        "ten instructions": changed(
            TEMPERATURES, RIGHT_TEMPERATURES,
            written="write_answers(characters, thirty[:10], WRITTEN, temperature=t, seed=SEED)"),
        "other instructions": changed(
            TEMPERATURES, RIGHT_TEMPERATURES,
            written="write_answers(characters, real_words, WRITTEN, temperature=t, seed=SEED)"),
        "one temperature for all": changed(
            TEMPERATURES, RIGHT_TEMPERATURES,
            written="write_answers(characters, thirty, WRITTEN, temperature=TEMPERATURE, seed=SEED)"),
        "the temperature forgotten": changed(
            TEMPERATURES, RIGHT_TEMPERATURES, written="write_answers(characters, thirty, WRITTEN, seed=SEED)"),
        "backwards": changed(TEMPERATURES, RIGHT_TEMPERATURES, key="{0.3: 1.2, 0.7: 0.7, 1.2: 0.3}[t]"),
        "1.2 in place of 0.7": changed(
            TEMPERATURES, RIGHT_TEMPERATURES,
            written="write_answers(characters, thirty, WRITTEN, temperature={0.3: 0.3}.get(t, 1.2), seed=SEED)"),
        "the base": changed(
            TEMPERATURES, RIGHT_TEMPERATURES,
            written="write_answers(base, thirty, WRITTEN, temperature=t, seed=SEED)"),
        "instructions that are not the answers'": changed(
            TEMPERATURES, RIGHT_TEMPERATURES,
            written="[Example(asked, answer) for asked, (_, answer) in zip(thirty[::-1], "
                    "write_answers(characters, thirty, WRITTEN, temperature=t, seed=SEED))]"),
        "a few characters": changed(
            TEMPERATURES, RIGHT_TEMPERATURES,
            written="write_answers(characters, thirty, 5, temperature=t, seed=SEED)"),
        "the real answers": changed(
            TEMPERATURES, RIGHT_TEMPERATURES, written="[Example(asked, dict(test)[asked]) for asked in thirty]"),
        "what loses least": changed(TEMPERATURES, RIGHT_TEMPERATURES, chosen="min"),
        "what is met least at 1.2": changed(TEMPERATURES, RIGHT_TEMPERATURES, loss="-shares[1.2][each]"),
        "what is met most at 0.3": changed(
            TEMPERATURES, RIGHT_TEMPERATURES, loss="-shares[0.3][each]"),
        "from 0.7 to 1.2": changed(TEMPERATURES, RIGHT_TEMPERATURES, loss="shares[0.7][each] - shares[1.2][each]"),
        "from 0.3 to 0.7": changed(TEMPERATURES, RIGHT_TEMPERATURES, loss="shares[0.3][each] - shares[0.7][each]"),
        "the largest share of its own": changed(
            TEMPERATURES, RIGHT_TEMPERATURES, loss="(shares[0.3][each] - shares[1.2][each]) / shares[0.3][each]"),
        "the other direction": changed(TEMPERATURES, RIGHT_TEMPERATURES, loss="shares[1.2][each] - shares[0.3][each]"),
        "names are left out": changed(TEMPERATURES, RIGHT_TEMPERATURES, demands="('length', 'word')"),
        "the listener": changed(TEMPERATURES, RIGHT_TEMPERATURES, later="loses_most = 'listener'"),
        "the word": changed(TEMPERATURES, RIGHT_TEMPERATURES, later="loses_most = 'word'"),
        "all demands together": changed(TEMPERATURES, RIGHT_TEMPERATURES, later="loses_most = 'all'"),
        "no demand": changed(TEMPERATURES, RIGHT_TEMPERATURES, later="loses_most = 'name'"),
        "how much it loses": changed(
            TEMPERATURES, RIGHT_TEMPERATURES, later="loses_most = shares[0.3]['speaker'] - shares[1.2]['speaker']"),
    },
    "6": {
        "the whole ln p": per("np.argmax(log_probs)"),
        "the lowest ln p per character": per("np.argmin(log_probs / [len(each) for each in candidates])"),
        "the lowest ln p": per("np.argmin(log_probs)"),
        "the largest absolute value": per("np.argmax(np.abs(log_probs) / [len(each) for each in candidates])"),
        "multiplied by the length": per("np.argmax(log_probs * [len(each) for each in candidates])"),
        "probabilities divided by the length": per(
            "np.argmax(np.exp(log_probs.astype('float64')) / [len(each) for each in candidates])"),
        "divided by the length of instruction and answer": per(
            "np.argmax(log_probs / [len(instruction + each) for each in candidates])"),
        "divided by the length of the speech": per(
            "np.argmax(log_probs / [len(each.partition('\\n')[2]) for each in candidates])"),
        "divided by the number of words": per(
            "np.argmax(log_probs / [len(words_of(each)) for each in candidates])"),
        "divided by the square root of the length": per(
            "np.argmax(log_probs / np.sqrt([len(each) for each in candidates]))"),
        "divided by the logarithm of the length": per(
            "np.argmax(log_probs / np.log([len(each) for each in candidates]))"),
        "divided by the longest": per("np.argmax(log_probs / max(len(each) for each in candidates))"),
        "divided by the number of candidates": per("np.argmax(log_probs / len(candidates))"),
        "lengths of the places before": per("np.argmax(log_probs / np.roll([len(each) for each in candidates], 1))"),
        "the shortest": per("np.argmin([len(each) for each in candidates])"),
        "the longest": per("np.argmax([len(each) for each in candidates])"),
        "the first": per("0"),
        "the last": per("3"),
        "counted from 1": per("np.argmax(log_probs / [len(each) for each in candidates]) + 1"),
        "a blind guess": per("np.random.default_rng(len(instruction)).integers(4)"),
        "the word": per("np.argmax([read_instruction(instruction).word in words_of(each) for each in candidates])"),
        "the second best": per("np.argsort(log_probs / [len(each) for each in candidates])[-2]"),
        "all places, sorted": changed(
            CHOOSE, RIGHT_CHOOSE, chosen="np.argsort(log_probs / [len(each) for each in candidates]).tolist()"),
        "the text of the answer": changed(
            CHOOSE, RIGHT_CHOOSE, chosen="candidates[np.argmax(log_probs / [len(each) for each in candidates])]"),
        "the highest ln p, not its place": changed(
            CHOOSE, RIGHT_CHOOSE, chosen="float(np.max(log_probs / [len(each) for each in candidates]))"),
        "whether it is right": changed(
            CHOOSE, RIGHT_CHOOSE, chosen="int(np.argmax(log_probs / [len(each) for each in candidates]) == "
            "next(right for asked, _, right in quizzes if asked == instruction))",
            share="float(np.mean([choose(model, asked, answers) for asked, answers, right in quizzes]))"),
        "compliance in place of a network": per(
            "np.argmax([sum(compliance(instruction, each).values()) for each in candidates])"),
        "the instruction counts, too": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="np.array([model.token_log_probs(model.vocabulary.encode(instruction + each)[None]).mean() "
                      "for each in candidates])", chosen="int(np.argmax(log_probs))"),
        "the instruction alone": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(model, [Example(each, instruction) for each in candidates])"),
        "instruction and answer exchanged": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(model, [Example(each, instruction) for each in candidates])",
            chosen="int(np.argmax(log_probs / len(instruction)))"),
        "no instruction": changed(
            CHOOSE, RIGHT_CHOOSE, log_probs="answer_log_probs(model, [Example('\\n', each) for each in candidates])"),
        "another instruction": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(model, [Example(thirty[0], each) for each in candidates])"),
        "no END": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(model, [Example(instruction, each.rstrip(END)) for each in candidates])"),
        "END alone": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(model, [Example(instruction + each.rstrip(END), END) for each in candidates])",
            chosen="int(np.argmax(log_probs))"),
        "the first 30 characters alone": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(model, [Example(instruction, each[:30]) for each in candidates])"),
        "the first characters up to the shortest's length": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(model, [Example(instruction, each[:min(map(len, candidates))]) "
                      "for each in candidates])", chosen="int(np.argmax(log_probs))"),
        "filled up to one length": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(model, [Example(instruction, each.ljust(160, END)) for each in candidates])",
            chosen="int(np.argmax(log_probs))"),
        "always the base": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(base, [Example(instruction, each) for each in candidates])"),
        "always the stored model": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(characters, [Example(instruction, each) for each in candidates])"),
        "against the base": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(model, [Example(instruction, each) for each in candidates]) "
                      "- answer_log_probs(base, [Example(instruction, each) for each in candidates])"),
        "against no instruction": changed(
            CHOOSE, RIGHT_CHOOSE,
            log_probs="answer_log_probs(model, [Example(instruction, each) for each in candidates]) "
                      "- answer_log_probs(model, [Example('\\n', each) for each in candidates])"),
        "the shares exchanged": changed(
            CHOOSE, RIGHT_CHOOSE, shares="{'base': share_right(characters), 'characters': share_right(base)}"),
        "the stored model twice": changed(
            CHOOSE, RIGHT_CHOOSE, shares="dict.fromkeys(('base', 'characters'), share_right(characters))"),
        "a blind guess for the base": changed(
            CHOOSE, RIGHT_CHOOSE, shares="{'base': 0.25, 'characters': share_right(characters)}"),
        "how many, not the share": changed(
            CHOOSE, RIGHT_CHOOSE,
            shares="{'base': 40 * share_right(base), 'characters': 40 * share_right(characters)}"),
        "percent": changed(
            CHOOSE, RIGHT_CHOOSE,
            shares="{'base': 100 * share_right(base), 'characters': 100 * share_right(characters)}"),
        "the share of errors": changed(
            CHOOSE, RIGHT_CHOOSE, shares="{'base': 1 - share_right(base), 'characters': 1 - share_right(characters)}"),
        "ten quizzes": changed(
            CHOOSE, RIGHT_CHOOSE,
            shares="{'base': share_right(base, quizzes[:10]), 'characters': share_right(characters, quizzes[:10])}"),
        "the answers of the quizzes before": changed(
            CHOOSE, RIGHT_CHOOSE,
            share="float(np.mean([choose(model, *one[:2]) == two[2] for one, two in zip(quizzes, quizzes[1:])]))"),
        "right, if it is the first": changed(
            CHOOSE, RIGHT_CHOOSE, share="float(np.mean([choose(model, *quiz[:2]) == 0 for quiz in quizzes]))"),
        "the mean place": changed(
            CHOOSE, RIGHT_CHOOSE, share="float(np.mean([choose(model, *quiz[:2]) for quiz in quizzes]))"),
    },
    "7": {
        "a short text": changed(OWN, RIGHT_OWN, text="own_text = own_text[:10_000]"),
        "all weights": changed(OWN, RIGHT_OWN, writer="Network(method='full', size=8)"),
        "adapters": changed(OWN, RIGHT_OWN, writer="Network(method='adapters', size=8)"),
        "a prompt": changed(OWN, RIGHT_OWN, writer="Network(method='prompt', size=8)"),
        "rank 4": changed(OWN, RIGHT_OWN, writer="Network(method='lora', size=4)"),
        "rank 16": changed(OWN, RIGHT_OWN, writer="Network(method='lora', size=16)"),
        "a plain network": changed(OWN, RIGHT_OWN, writer="Network()"),
        "the base": changed(OWN, RIGHT_OWN, after="base", later="own_writer = base"),
        "not trained": changed(OWN, RIGHT_OWN, learned="[]"),
        "trained on the test part": changed(OWN, RIGHT_OWN, learned="own_test"),
        "the stored model's copy": changed(OWN, RIGHT_OWN, writer="Network(instructed=True, method='lora', size=8)"),
        "8 steps": changed(OWN, RIGHT_OWN, steps="8"),
        "0 steps": changed(OWN, RIGHT_OWN, steps="0"),
        "all batches": changed(OWN, RIGHT_OWN, steps="400"),
        "the cost of the training part": changed(
            OWN, RIGHT_OWN, measured="own_train", cost="total / sum(len(answer) for _, answer in own_train)"),
        "the cost of some of the training part": changed(
            OWN, RIGHT_OWN, measured="own_train[:60]", cost="total / sum(len(answer) for _, answer in own_train[:60])"),
        "the cost of everything": changed(
            OWN, RIGHT_OWN, measured="own", cost="total / sum(len(answer) for _, answer in own)"),
        "the training part, divided by the test part": changed(OWN, RIGHT_OWN, measured="own_train"),
        "the first ten": changed(
            OWN, RIGHT_OWN, measured="own_test[:10]", cost="total / sum(len(answer) for _, answer in own_test[:10])"),
        "the instructions count, too": changed(
            OWN, RIGHT_OWN, measured="[(one[:1], one[1:] + two) for one, two in own_test]",
            cost="total / sum(len(one + two) - 1 for one, two in own_test)"),
        "no instructions": changed(OWN, RIGHT_OWN, measured="[('\\n', answer) for _, answer in own_test]"),
        "other instructions": changed(OWN, RIGHT_OWN, measured="[(thirty[0], answer) for _, answer in own_test]"),
        "instruction and answer exchanged": changed(
            OWN, RIGHT_OWN, measured="[(two, one) for one, two in own_test]",
            cost="total / sum(len(one) for one, _ in own_test)"),
        "END does not count": changed(
            OWN, RIGHT_OWN, measured="[(one, two.rstrip(END)) for one, two in own_test]",
            cost="total / sum(len(answer) - 1 for _, answer in own_test)"),
        "divided without END": counted("sum(len(answer) - 1 for _, answer in own_test)"),
        "divided by all characters": counted("sum(len(one + two) for one, two in own_test)"),
        "divided by the instructions' characters": counted("sum(len(one) for one, _ in own_test)"),
        "divided by the number of words": counted("sum(len(words_of(answer)) for _, answer in own_test)"),
        "divided by the number of answers": counted("len(own_test)"),
        "divided by the rows' length": counted("(130 * len(own_test))"),
        "divided by the longest answer": counted("(len(own_test) * max(len(answer) for _, answer in own_test))"),
        "the sum": counted("1"),
        "divided by the mean length": counted("np.mean([len(answer) for _, answer in own_test])"),
        "the mean over the answers": changed(
            OWN, RIGHT_OWN,
            cost="-np.mean(answer_log_probs(model, own_test) / [len(answer) for _, answer in own_test])"),
        "no minus": changed(OWN, RIGHT_OWN, cost="-total / sum(len(answer) for _, answer in own_test)"),
        "bits": changed(OWN, RIGHT_OWN, cost="total / sum(len(answer) for _, answer in own_test) / np.log(2)"),
        "a perplexity": changed(OWN, RIGHT_OWN, cost="np.exp(total / sum(len(answer) for _, answer in own_test))"),
        "rounded to tenths": changed(
            OWN, RIGHT_OWN, cost="round(total / sum(len(answer) for _, answer in own_test) + 0.03, 1)"),
        "before and after exchanged": changed(OWN, RIGHT_OWN, before="own_writer", after="base"),
        "before measured after": changed(OWN, RIGHT_OWN, before="own_writer"),
        "after measured with the base": changed(OWN, RIGHT_OWN, after="base"),
        "another network before": changed(OWN, RIGHT_OWN, before="characters"),
        "the gain": changed(
            OWN, RIGHT_OWN, later="own_costs['after'] = own_costs['before'] - own_costs['after']"),
        "the gain's share": changed(
            OWN, RIGHT_OWN, later="own_costs['after'] /= own_costs['before']"),
        "two copies": changed(OWN, RIGHT_OWN, later="own_writer = Network(method='lora', size=8)"),
    },
}
