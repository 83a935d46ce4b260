"""What decides a checkpoint: kinds of recipes, each with its data, its optimizer, and its words for the record."""

from dataclasses import dataclass, field

import keras
import tensorflow as tf

from aigc_tf import checkpoints, data
from aigc_tf.core import addons
from aigc_tf.core.noise import seed_pair, standard_normal
from aigc_tf.core.optimizers import FusedAdam


def augment(images, *, seed=None):
    """Moves images by up to two pixels and turns them by up to 0.15 radians."""
    return addons.random_rotate_translate(images, max_angle=0.15, max_shift=2, seed=seed)


def mirror_drawings(images, *, seed):
    """Mirrors half of the drawings."""
    mirrored = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seed_pair(seed)) < 0.5
    return tf.where(mirrored, images[:, :, ::-1], images)


def augment_drawings(images, *, seed):
    """Moves drawings on white by up to three pixels, turns them by up to 0.15 radians, and mirrors half of them."""
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed_pair(seed), 2))
    moved = 1.0 - addons.random_rotate_translate(1.0 - images, max_angle=0.15, max_shift=3, seed=seeds[0])
    mirrored = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seeds[1]) < 0.5
    return tf.where(mirrored, moved[:, :, ::-1], moved)


# What a recipe's transform does to the images, in the words of the record.
TRANSFORMS = {
    None: "grey in [0, 1]",
    data.binarize: "dynamically binarized",
    augment: "grey in [0, 1], moved and turned a little",
    mirror_drawings: "in colour, half of them mirrored",
    augment_drawings: "in colour, moved and turned a little, half of them mirrored",
}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a checkpoint: the model, its training, and how it is measured."""

    model: type
    config: dict
    epochs: int
    measure: object  # function (model, dataset) → dict of metrics
    measure_first: object = None  # another one, for what takes long: of the first seed alone
    batch_size: int = 200
    learning_rate: float = 1e-3
    final_lr_fraction: float = 0.02  # of the learning rate at the end of a cosine; 1: it stays constant
    warmup_steps: int = 0  # in which the learning rate rises from 0 at first
    transform: object = None  # of the images, drawn anew in every epoch: a key of TRANSFORMS
    labels: bool = False  # whether batches hold labels
    seeds: tuple = (0,)  # one training each; the first one's weights are stored
    validation: int = data.VALIDATION  # images held out of the training, by which the recipe was chosen
    steps_per_execution: int = 1
    half_precision: bool = False  # whether the weights are rounded to 16 bits, before they are measured, and stored so
    curve: object = None  # function (model, dataset) → a number, noted at the end of every epoch
    curve_of: str = "frechet"  # what that number is, by which the record names the curve

    def __post_init__(self):
        if self.transform not in TRANSFORMS:
            raise ValueError(f"The record must say what the transform does: add {self.transform} to TRANSFORMS.")

    def load(self):
        """The dataset, as `batches` and `measure` take it."""
        return data.load_mnist(validation=self.validation)

    def build(self, dataset):
        return self.model(**self.config)

    def batches(self, mnist, seed=0):
        """The training pipeline."""
        labels = mnist.train_labels if self.labels else None
        batches = data.image_dataset(mnist.train_images, labels, batch_size=self.batch_size, seed=seed)
        return data.with_new_draws(batches, self.transform, seed=seed) if self.transform else batches

    def compile(self, model, steps):
        """Gives the model its optimizer, for so many steps in all."""
        optimizer = FusedAdam(self.decay(self.learning_rate, steps))
        model.compile(optimizer=optimizer, steps_per_execution=self.steps_per_execution)

    def finished(self, model):
        """The model that is measured and stored, of the one that was trained."""
        return model

    def decay(self, rate, steps):
        if not self.warmup_steps:
            return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=self.final_lr_fraction)
        if self.warmup_steps > steps // 10:
            raise ValueError(f"warmup_steps must be at most a tenth of all {steps}. Received: {self.warmup_steps}")
        return keras.optimizers.schedules.CosineDecay(
            0.0, steps - self.warmup_steps, alpha=self.final_lr_fraction, warmup_target=rate,
            warmup_steps=self.warmup_steps,
        )

    def images_text(self):
        return "MNIST training images" + (f" but the last {self.validation:,}" if self.validation else "")

    def decay_text(self):
        if self.final_lr_fraction == 1:
            return "constant"
        rise = f"rising for {self.warmup_steps} steps, " if self.warmup_steps else ""
        return f"{rise}decaying along a cosine to {self.final_lr_fraction:.0%}"

    def description(self):
        """What the record says of the training."""
        return {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "optimizer": f"Adam, {self.learning_rate} {self.decay_text()}",
            "data": f"{self.images_text()}, {TRANSFORMS[self.transform]}",
            **({"weights": "rounded to 16 bits, then measured"} if self.half_precision else {}),
        }


@dataclass(frozen=True)
class GANRecipe(Recipe):
    """The same for two players: `learning_rate` is the generator's."""

    discriminator_rate: float = 1e-3
    beta_1: float = 0.5

    def compile(self, model, steps):
        each = getattr(model, "discriminator_steps", 1)
        model.compile(
            generator_optimizer=self.adam(self.learning_rate, steps),
            discriminator_optimizer=self.adam(self.discriminator_rate, steps * each),
            steps_per_execution=self.steps_per_execution,
        )

    def adam(self, rate, steps):
        return FusedAdam(self.decay(rate, steps), beta_1=self.beta_1)

    def description(self):
        rates = f"Adam, beta_1 {self.beta_1}, generator {self.learning_rate}, discriminator {self.discriminator_rate}"
        return {**super().description(), "optimizer": f"{rates}, both {self.decay_text()}"}


@dataclass(frozen=True)
class GroupedRecipe(Recipe):
    """The same for a model that finds groups of the training images first."""

    def build(self, mnist):
        model = super().build(mnist)
        model.adapt(data.scale_images(mnist.train_images))
        return model

    def description(self):
        groups = f"in {self.config['num_classes']} groups that k-means found"
        return {**super().description(), "data": f"{super().description()['data']}, {groups}"}


@dataclass(frozen=True)
class ReflowRecipe(Recipe):
    """The same for a student that starts as its teacher and learns the teacher's ways from noise to image as lines."""

    teacher: str = "conditional_diffusion"
    teacher_draws: dict = field(default_factory=lambda: {"sampler": "dpm", "steps": 10})
    num_pairs: int = 50_000  # of noise and the image that the teacher makes of it

    def build(self, dataset):
        model, teacher = super().build(dataset), checkpoints.load(self.teacher)
        for network in (model.network, model.average_network):
            network.set_weights(teacher.average_network.get_weights())
        return model

    def batches(self, mnist, seed=0):
        teacher = checkpoints.load(self.teacher)
        labels = tf.constant(mnist.train_labels[: self.num_pairs])
        noise = standard_normal((len(labels), *teacher.image_shape), seed=1000 + seed)
        images = teacher.decode(noise, labels, **self.teacher_draws)

        def gather(chosen):
            return tuple(tf.gather(part, chosen) for part in (images, labels, noise))

        order = tf.data.Dataset.range(len(labels)).shuffle(len(labels), seed=seed).batch(self.batch_size)
        return data.prefetched(order.map(gather))

    def description(self):
        how = ", ".join(f"{key} {value}" for key, value in self.teacher_draws.items())
        made = f"{self.num_pairs:,} draws of noise with labels, and what {self.teacher} makes of them ({how})"
        return {**super().description(), "data": made}


@dataclass(frozen=True)
class DrawingsRecipe(Recipe):
    """The same for OpenMoji in colour: nine of every ten drawings, and of these every `every`-th."""

    every: int = 1

    def load(self):
        return data.OpenMoji(*(column[:: self.every] for column in data.load_openmoji()))

    def batches(self, drawings, seed=0):
        batches = data.image_dataset(drawings.colour, batch_size=self.batch_size, seed=seed)
        return data.with_new_draws(batches, self.transform, seed=seed) if self.transform else batches

    def description(self):
        changed = TRANSFORMS[self.transform] if self.transform else "in colour"
        part = f", of these one in {self.every}" if self.every > 1 else ""
        return {**super().description(), "data": f"OpenMoji drawings but every tenth{part}, {changed}"}
