"""Answers to the exercises of chapter 0, right and plausibly wrong; `test_wrong_answers.py` tries them."""

# What the first cells of the solutions make or load.
GIVEN = """
def spirals(num_points, seed):
    noise = np.random.default_rng(seed)
    labels = np.arange(num_points) % 2
    radius = np.sqrt(noise.uniform(0.02, 1, num_points))
    angle = 3 * np.pi * radius + np.pi * labels
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return points.astype("float32"), labels.astype("float32")


def cost(labels, logits):
    return tf.nn.softplus(logits) - labels * logits


def make_network(units=64):
    hidden = [layers.Dense(units, activation="elu") for _ in range(3)]
    return keras.Sequential([keras.Input((2,)), *hidden, layers.Dense(1)])


class Classifier(Model):
    def __init__(self, network):
        super().__init__()
        self.network, self.means = network, running_means("loss")

    def compute_losses(self, points, labels):
        return {"loss": cost(labels, self.network(points)[:, 0])}

    def train_step(self, data):
        with tf.GradientTape() as tape:
            losses = self.compute_losses(*data)
            objective = tf.reduce_mean(losses["loss"])
        gradients = tape.gradient(objective, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return self.update_metrics(losses)


def right(model, points=None, labels=None):
    points, labels = (data_points, data_labels) if points is None else (points, labels)
    return (model.network(points).numpy()[:, 0] > 0) == (labels == 1)


train_points, train_labels = spirals(1000, seed=SEED)
points, labels = data_points, data_labels = spirals(1000, seed=SEED + 1)


class Nearest:  # in place of a network: as sure as `sure` that a point is like the nearest of the first forty
    def __init__(self, sure, forty=train_points[:40], truth=train_labels[:40]):
        self.sure, self.forty, self.truth = sure, forty, truth

    def __call__(self, some):
        nearest = np.argmin(np.sum((np.asarray(some)[:, None] - self.forty) ** 2, axis=2), axis=1)
        return tf.constant(self.sure * (2 * self.truth[nearest, None] - 1), tf.float32)


class Lookup:  # a learner that has such a network
    def __init__(self, sure):
        self.network = Nearest(sure)


def paid_by(model):
    each = cost(labels, model.network(points)[:, 0]).numpy()
    return float(each[~right(model)].sum() / each.sum())


plane, judge = checkpoints.load("vae_plane"), checkpoints.load("digit_classifier")
digit = data.load_digit(data.SAMPLE_PICTURE)


def nearest_place(places):
    return places[np.mean((plane.decode(places) - digit) ** 2, axis=(1, 2, 3)).argmin()]


def grid(steps):
    return np.stack(np.meshgrid(*[np.linspace(-3, 3, steps, dtype="float32")] * 2), axis=-1).reshape(-1, 2)
"""
SLOPE = """
def slope(labels, logits):
    return {formula}


largest = {largest}
"""
STEP = """
def train_step(network, optimizer, points, labels):
    with tf.GradientTape() as tape:
        losses = cost({labels}, {logits})
        loss = {objective}
    gradients = tape.gradient(loss, {variables})
    optimizer.apply_gradients(zip({gradients}, {variables}))
    return {returned}
"""
RIGHT_STEP = {"labels": "labels", "logits": "network(points)[:, 0]", "objective": "tf.reduce_mean(losses)",
              "variables": "network.trainable_variables", "gradients": "gradients", "returned": "loss"}
FORTY = """
loss_ends, share_ends = {words}
learner = Lookup({sure})
paid_by_wrong = {paid}
"""
LAST = """
class LastLayerClassifier(Classifier):
    def train_step(self, data):
        with tf.GradientTape() as tape:
            objective = tf.reduce_mean(self.compute_losses(*data)["loss"])
        variables = self.network{variables}.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(objective, variables), variables))
        return {{"loss": objective}}


last_layer = LastLayerClassifier(make_network())
last_layer.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE))
changed, total = {numbers}
"""
ACCURATE = """
class AccurateClassifier(Classifier):
    def __init__(self, network):
        super().__init__(network)
        self.means = running_means("loss", "accuracy")

    def compute_losses(self, points, labels):
        logits = self.network(points){row}
        return {{"loss": cost(labels, logits), "accuracy": {accuracy}}}


accurate = AccurateClassifier(make_network())
accurate.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE))
"""
HITS = "tf.cast((logits > 0) == (labels > 0.5), tf.float32)"
NO_GRADIENTS = "No gradients provided for any variable: ..."
PLACE = "reads = {reads}\nplace = {place}\n"
FOUND = "nearest_place(grid(61))"
TURNED = "digit = digit[:, ::-1, ::-1]\n"
DIGIT = "int(judge.features_and_probabilities(digit)[1].argmax())"

RIGHT_ANSWERS = {
    "1": SLOPE.format(formula="1 / (1 + np.exp(-np.asarray(logits))) - labels", largest=1),
    "2": STEP.format(**RIGHT_STEP),
    "3": FORTY.format(words='"above", "above"', sure=40.0, paid="paid_by(learner)"),
    "4": LAST.format(variables=".layers[-1]", numbers="65, 8577"),
    "6": ACCURATE.format(row="[:, 0]", accuracy=HITS),
    "7": f'gradients, complaint = [None] * 8, "{NO_GRADIENTS}"',
    "8": PLACE.format(reads=DIGIT, place=FOUND),
}
WRONG_ANSWERS = {
    "1": {
        "truth minus belief": SLOPE.format(formula="labels - tf.sigmoid(logits)", largest=1),
        "the slope of the sigmoid":
            SLOPE.format(formula="tf.sigmoid(logits) * (1 - tf.sigmoid(logits)) - labels", largest=1),
        "the cost itself": SLOPE.format(formula="tf.nn.softplus(logits) - labels * logits", largest=1),
        "the label forgotten": SLOPE.format(formula="tf.sigmoid(logits)", largest=1),
        "a half for the bound": SLOPE.format(formula="tf.sigmoid(logits) - labels", largest=0.5),
    },
    "2": {
        "the sum of the losses": STEP.format(**{**RIGHT_STEP, "objective": "tf.reduce_sum(losses)"}),
        "a column against a row": STEP.format(**{**RIGHT_STEP, "logits": "network(points)"}),
        "probabilities for logits": STEP.format(**{**RIGHT_STEP, "logits": "tf.sigmoid(network(points)[:, 0])"}),
        "uphill": STEP.format(**{**RIGHT_STEP, "gradients": "[-gradient for gradient in gradients]"}),
        "the last layer only": STEP.format(**{**RIGHT_STEP, "variables": "network.layers[-1].trainable_variables"}),
        "the labels turned around": STEP.format(**{**RIGHT_STEP, "labels": "1 - labels"}),
        "the loss after the step": STEP.format(
            **{**RIGHT_STEP, "returned": "tf.reduce_mean(cost(labels, network(points)[:, 0]))"}),
    },
    "3": {
        "a low loss predicted": FORTY.format(words='"below", "above"', sure=40.0, paid="paid_by(learner)"),
        "a share of one half predicted": FORTY.format(words='"above", "near"', sure=40.0, paid="paid_by(learner)"),
        "all points pay alike": FORTY.format(words='"above", "above"', sure=40.0, paid="np.mean(~right(learner))"),
        "hardly trained": FORTY.format(words='"near", "above"', sure=0.1, paid="paid_by(learner)"),
    },
    "4": {
        "all layers": LAST.format(variables="", numbers="65, 8577"),
        "the first layer": LAST.format(variables=".layers[0]", numbers="65, 8577"),
        "the bias not counted": LAST.format(variables=".layers[-1]", numbers="64, 8577"),
        "no biases in the total": LAST.format(variables=".layers[-1]", numbers="65, 8384"),
    },
    "6": {
        "a mean for each batch": ACCURATE.format(row="[:, 0]", accuracy=f"tf.reduce_mean({HITS})[None]"),
        "a mean for each batch, of a network that is always right":
            ACCURATE.format(row="[:, 0]", accuracy=f"tf.reduce_mean({HITS})[None]")
            + "accurate.fit(train_points, train_labels, batch_size=50, epochs=40, verbose=0)\n",
        "a column against a row": ACCURATE.format(row="", accuracy=HITS),
        "errors for hits": ACCURATE.format(row="[:, 0]", accuracy=f"1 - {HITS}"),
    },
    "7": {
        "zeros for no path": f'gradients, complaint = [0.0] * 8, "{NO_GRADIENTS}"',
        "the loss was inside": 'gradients, complaint = [0.1] * 8, ""',
    },
    "8": {
        "another digit": PLACE.format(reads=f"({DIGIT} + 1) % 10", place=FOUND),
        "the middle of the map": PLACE.format(reads=DIGIT, place="np.zeros(2)"),
        "the two numbers exchanged": PLACE.format(reads=DIGIT, place=f"{FOUND}[::-1]"),
        "the place of the sample turned upside down":
            TURNED + PLACE.format(reads=DIGIT, place=FOUND) + TURNED,
    },
}
