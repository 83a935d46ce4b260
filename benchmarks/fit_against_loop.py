"""What does `fit` cost over one compiled loop? Step times of chapter 2's VAE, in one run, interleaved.

    python benchmarks/fit_against_loop.py          writes benchmarks/fit_against_loop.json

Compared: `fit` with a dataset that shuffles indices and gathers whole batches (ours); the same with 16 steps per
execution; `fit` with images shuffled one by one and then batched (the usual pipeline); and a loop over the whole epoch
inside one `tf.function`, without `fit`, callbacks or metrics. Medians of interleaved repeats; ratios travel better than
milliseconds.
"""

import platform
import statistics
import time

import keras
import tensorflow as tf
from results import store

from aigc_tf import data
from aigc_tf.vae import VAE

REPEATS = 5
STEPS = 150
BATCH_SIZE = 200


def compiled_vae(**options):
    model = VAE(latent_dim=40)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), **options)
    return model


def fit(batches, **options):
    """A function that trains an epoch of STEPS steps by `fit`."""
    model = compiled_vae(**options)
    return lambda: model.fit(batches, epochs=1, verbose=0)


def one_loop(batches):
    """A function that trains an epoch inside one compiled loop."""
    model = compiled_vae()

    @tf.function
    def loop():
        total = 0.0
        for images in batches:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model.compute_losses(images)["loss"])
            gradients = tape.gradient(loss, model.trainable_variables)
            model.optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            total += loss
        return total / STEPS

    model.optimizer.build(model.trainable_variables)
    return lambda: float(loop())


def main():
    images = data.load_mnist().train_images[: STEPS * BATCH_SIZE]
    gathered = data.with_new_draws(data.image_dataset(images, batch_size=BATCH_SIZE, seed=0), data.binarize, seed=0)
    scaled = data.scale_images(images)
    one_by_one = tf.data.Dataset.from_tensor_slices(scaled).shuffle(len(scaled)).batch(BATCH_SIZE)
    one_by_one = data.with_new_draws(one_by_one, data.binarize, seed=0)
    contenders = {
        "one compiled loop": one_loop(gathered),
        "fit": fit(gathered),
        "fit, 16 steps per execution": fit(gathered, steps_per_execution=16),
        "fit, images shuffled one by one": fit(one_by_one),
    }
    times = {name: [] for name in contenders}
    for repeat in range(REPEATS + 1):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            if repeat:  # the first round traces and warms up
                times[name].append(1000 * (time.perf_counter() - start) / STEPS)
    medians = {name: statistics.median(values) for name, values in times.items()}
    loop = medians["one compiled loop"]
    for name, value in medians.items():
        print(f"{name:32} {value:6.1f} ms a step, {value / loop:.2f} times the loop")
    record = {
        "work": f"a step of VAE 784-512-384-40, batch {BATCH_SIZE}; medians of {REPEATS} epochs of {STEPS} steps",
        "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__},
        "milliseconds": {name: round(value, 2) for name, value in medians.items()},
        "ratio_to_loop": {name: round(value / loop, 3) for name, value in medians.items()},
    }
    store(__file__, record)


if __name__ == "__main__":
    main()
