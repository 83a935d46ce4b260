"""Recipes: training ends with a checkpoint and its record, and a training that was killed goes on where it stopped."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import callbacks, checkpoints, data, measures, recipe_kinds, recipes, text_recipes
from aigc_tf.autoencoder import Autoencoder
from aigc_tf.core import files
from aigc_tf.diffusion import Diffusion
from aigc_tf.finetuning import DPO, Example, Preference, examples_of
from aigc_tf.gan import GAN
from aigc_tf.image_recipes import ConceptsRecipe, PairsRecipe, ShrunkRecipe, UnpairedRecipe
from aigc_tf.metrics.classifier import DigitClassifier
from aigc_tf.music_recipes import ChoraleRecipe
from aigc_tf.recipe_kinds import DrawingsRecipe, Recipe, ReflowRecipe
from aigc_tf.recipes import RECIPES
from aigc_tf.text import SentenceVAE, Vocabulary, encode_lines
from aigc_tf.text_recipes import InstructionsRecipe, PreferencesRecipe, TextRecipe
from aigc_tf.vae import VAE


@pytest.fixture(scope="module")
def small():
    """A few hundred digits."""
    mnist = data.load_mnist()
    return data.MNIST(
        mnist.train_images[:200], mnist.train_labels[:200], mnist.test_images[:50], mnist.test_labels[:50]
    )


class Watch(keras.callbacks.Callback):
    """Writes down what every epoch does, and can end the process (as far as `fit` can tell) within one."""

    def __init__(self, die_in=None):
        super().__init__()
        self.epochs, self.losses, self.steps, self.die_in = [], [], [], die_in

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == self.die_in:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(epoch)
        self.losses.append(logs["loss"])
        self.steps.append(int(self.model.optimizer.iterations))


def weigh(model, mnist):
    """A measurement that costs nothing and tells one model from another."""
    weights = checkpoints.named_weights(model).values()
    return {"mean_weight": float(np.mean([np.abs(weight).mean() for weight in weights]))}


# All images in one batch and no noise: then neither the order of the images nor any draw can tell two trainings apart.
FULL_BATCH = Recipe(Autoencoder, {"latent_dim": 4, "widths": (16,)}, epochs=4, measure=weigh, batch_size=200)
NOISY = Recipe(
    VAE, {"latent_dim": 2, "hidden_units": (16,), "num_classes": 10}, epochs=3, measure=weigh,
    batch_size=64, transform=data.binarize, labels=True,
)


def train(recipe, mnist, folder, die_in=None):
    """Trains as "tiny" below `folder`; returns what happened and the record, or None if it died."""
    watch = Watch(die_in)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks, "progress", lambda **_: watch)
        places = {"folder": folder / "checkpoints", "backups": folder / "backups"}
        try:
            return watch, recipes.train("tiny", recipe, mnist, **places)
        except KeyboardInterrupt:
            return watch, None


# ---- a training that nobody disturbs --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def undisturbed(small, tmp_path_factory):
    """(what happened, record, folder)"""
    folder = tmp_path_factory.mktemp("undisturbed")
    return *train(FULL_BATCH, small, folder), folder


def test_training_ends_with_a_checkpoint_and_its_record(undisturbed):
    _, record, folder = undisturbed
    assert record == {**checkpoints.info("tiny", folder / "checkpoints"), "config": record["config"]}
    assert record["recipe"]["epochs"] == 4
    assert record["versions"]["keras"] == keras.__version__
    assert set(record["metrics"]) == {"mean_weight"}


def test_the_checkpoint_is_the_model_that_was_measured(undisturbed):
    _, record, folder = undisturbed
    loaded = checkpoints.load("tiny", folder / "checkpoints")
    assert weigh(loaded, None)["mean_weight"] == pytest.approx(record["metrics"]["mean_weight"], abs=1e-5)


def test_training_learns(undisturbed):
    watch, *_ = undisturbed
    assert watch.losses[-1] < watch.losses[0]


def test_training_leaves_no_backup(undisturbed):
    *_, folder = undisturbed
    assert list((folder / "backups").iterdir()) == []


def test_the_same_recipe_learns_the_same_again(small, tmp_path):
    first, _ = train(NOISY, small, tmp_path / "first")
    again, _ = train(NOISY, small, tmp_path / "again")
    np.testing.assert_allclose(first.losses, again.losses, rtol=1e-6)


# ---- a training that is killed --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def killed(small, tmp_path_factory):
    """A training that dies in its third epoch, after an hour (so it seems): (what happened, checkpoints, folder)."""
    folder = tmp_path_factory.mktemp("killed")
    watch, record = train(FULL_BATCH, small, folder, die_in=2)
    assert record is None
    names = checkpoints.names(folder / "checkpoints")
    (folder / "backups" / "tiny" / "0" / "minutes.json").write_text('{"minutes": 60.0, "curve": []}')
    return watch, names, folder


@pytest.fixture(scope="module")
def resumed(killed, small):
    """The same recipe started again in the same folder: (what happened, record)."""
    return train(FULL_BATCH, small, killed[-1])


def test_a_killed_training_stores_no_checkpoint(killed):
    _, names, _ = killed
    assert names == []


def test_a_killed_training_goes_on_with_the_epoch_that_it_died_in(killed, resumed):
    assert killed[0].epochs == [0, 1]
    assert resumed[0].epochs == [2, 3]


def test_a_killed_training_keeps_its_place_in_the_learning_rate_schedule(resumed):
    assert resumed[0].steps == [3, 4]  # one step an epoch


def test_a_killed_training_ends_as_an_undisturbed_one(killed, resumed, undisturbed):
    """Exactly so where the order of the images does not matter. Where it does, a resumed training begins its sequence
    of orders and draws anew: another fair sample of them, not the same one."""
    np.testing.assert_allclose(killed[0].losses + resumed[0].losses, undisturbed[0].losses, rtol=1e-4)
    assert resumed[1]["metrics"]["mean_weight"] == pytest.approx(undisturbed[1]["metrics"]["mean_weight"], abs=1e-4)


def test_minutes_count_from_before_the_kill(resumed):
    assert 60 <= resumed[1]["minutes"] < 62


def test_a_curve_is_noted_after_every_epoch_and_survives_a_kill(small, tmp_path):
    values = iter([9.0, 4.0, 2.5, 1.0])
    recipe = Recipe(**{**vars(FULL_BATCH), "curve": lambda model, mnist: next(values)})
    train(recipe, small, tmp_path, die_in=2)
    _, record = train(recipe, small, tmp_path)
    minutes, distances = zip(*record["frechet_by_minute"])
    assert distances == (9.0, 4.0, 2.5, 1.0)
    assert sorted(minutes) == list(minutes)


def test_the_time_of_a_curve_is_no_time_of_training(small, tmp_path, monkeypatch):
    clock = {"now": 0.0}

    def take_an_hour(model, mnist):
        clock["now"] += 3600
        return 1.0

    monkeypatch.setattr(recipes.time, "perf_counter", lambda: clock["now"])
    _, record = train(Recipe(**{**vars(FULL_BATCH), "curve": take_an_hour}), small, tmp_path)
    assert record["minutes"] == 0


def test_drawings_are_changed_a_little_and_stay_on_white():
    drawings = data.scale_images(data.load_openmoji(held_out=True).colour[:40])
    changed = recipes.augment_drawings(tf.constant(drawings), seed=1).numpy()
    assert changed.shape == drawings.shape and 0 <= changed.min() <= changed.max() <= 1
    assert np.abs(changed - drawings).mean() > 0.05
    np.testing.assert_allclose(changed.mean(axis=(1, 2, 3)), drawings.mean(axis=(1, 2, 3)), atol=0.1)


def test_the_measurements_of_drawings(small):
    drawings = data.load_openmoji()
    measured = measures.measure_drawings(Diffusion((32, 32, 3), widths=(8, 8), steps=2), drawings, count=10)
    assert set(measured) == {
        "loss_seen", "loss_held_out", "median_distance_samples", "median_distance_held_out",
    }
    assert measured["loss_seen"] == pytest.approx(measured["loss_held_out"], rel=0.05), "it has seen neither"


def test_a_kill_while_measuring_does_not_train_again(small, tmp_path):
    def die(model, mnist):
        raise KeyboardInterrupt

    train(Recipe(**{**vars(FULL_BATCH), "measure": die}), small, tmp_path)
    resumed, record = train(FULL_BATCH, small, tmp_path)
    assert resumed.epochs == []
    assert record["metrics"]


# ---- the command ----------------------------------------------------------------------------------------------------


def test_an_unknown_name_is_an_error_that_lists_the_recipes(capsys):
    with pytest.raises(SystemExit) as exit:
        recipes.main(["vae", "gam"])
    assert exit.value.code == 2
    assert f"there is a recipe for {', '.join(RECIPES)}. Received: gam" in capsys.readouterr().err


def run_the_command(small, tmp_path, monkeypatch, die_in=None):
    """`python -m aigc_tf.recipes tiny`, on few digits and in a folder of its own."""
    monkeypatch.setattr(data, "load_mnist", lambda validation: small)
    monkeypatch.setitem(RECIPES, "tiny", FULL_BATCH)
    monkeypatch.setattr(callbacks, "progress", lambda **_: Watch(die_in))
    places = {"folder": tmp_path / "checkpoints", "backups": tmp_path / "backups"}
    monkeypatch.setattr(recipes.train, "__kwdefaults__", places)
    monkeypatch.setattr(recipes, "BACKUPS", places["backups"])
    return recipes.main(["tiny"])


def test_ctrl_c_is_one_line_that_says_what_happens_next(small, tmp_path, monkeypatch, capsys):
    assert run_the_command(small, tmp_path, monkeypatch, die_in=1) == 130
    assert capsys.readouterr().err.strip() == (
        "Checkpoints: interrupted. The next `make checkpoints` goes on from the last finished epoch."
    )


def test_a_second_training_in_the_checkout_is_one_clear_line(small, tmp_path, monkeypatch, capsys):
    with files.file_lock(tmp_path / "backups" / "training.lock"):
        assert run_the_command(small, tmp_path, monkeypatch) == 1
    assert capsys.readouterr().err.strip().startswith("Checkpoints: another training is going on")


def test_a_broken_data_file_is_one_clear_line(small, tmp_path, monkeypatch, capsys):
    def broken(validation):
        raise ValueError("mnist.npz is broken")

    monkeypatch.setattr(data, "load_mnist", broken)
    monkeypatch.setattr(recipes, "BACKUPS", tmp_path)
    assert recipes.main(["vae"]) == 1
    assert capsys.readouterr().err.strip() == "Checkpoints: mnist.npz is broken"


def test_the_command_says_what_it_reached(small, tmp_path, monkeypatch, capsys):
    assert run_the_command(small, tmp_path, monkeypatch) == 0
    output = capsys.readouterr().out
    assert "tiny: 4 epochs" in output
    assert "mean_weight" in output


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_builds_compiles_and_learns_from_its_batches(name, small):
    recipe = RECIPES[name]
    dataset = small
    if isinstance(recipe, TextRecipe):
        dataset = data.load_text("shakespeare/hamlet")[:20_000]
    if isinstance(recipe, InstructionsRecipe):
        dataset = {"train": examples_of(dataset, longest=recipe.longest), "plays": dataset}
    if isinstance(recipe, (ChoraleRecipe, ConceptsRecipe, DrawingsRecipe)):
        dataset = recipe.load()
    model, batches = recipe.build(dataset), recipe.batches(dataset)
    dataclasses.replace(recipe, warmup_steps=0).compile(model, steps=10)  # too few for a rise
    history = model.fit(batches.take(1), verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())


@pytest.fixture
def unchanged(monkeypatch):
    """A transform that leaves images as they are."""
    def keep(images, *, seed):
        return images

    monkeypatch.setitem(recipe_kinds.TRANSFORMS, keep, "as they are")
    return keep


@pytest.fixture(scope="module")
def drawings():
    return ConceptsRecipe(None, {}, 1, weigh).load()


def test_an_outline_is_changed_together_with_its_colours(drawings):
    """Where the outline is black, so is the drawing: in most pixels, as some outlines are drawn in another colour."""
    recipe = PairsRecipe(None, {}, 1, weigh, batch_size=200)
    outlines, colours = next(iter(recipe.batches(drawings)))
    black = outlines[..., 0] < 0.1
    assert np.mean(np.max(colours, axis=-1)[black] < 0.3) > 0.9
    assert np.mean(np.max(colours[::-1], axis=-1)[black] < 0.3) < 0.5  # with another drawing's colours


def test_outlines_and_colours_of_the_unpaired_recipe_share_no_drawing(drawings, unchanged):
    recipe = UnpairedRecipe(None, {}, 1, weigh, batch_size=1000, transform=unchanged)
    (outlines, colours), = recipe.batches(drawings)
    assert len(outlines) == len(colours) == len(drawings[0].names) / 2
    assert outlines.shape == colours.shape
    used = {image.tobytes() for image in np.round(255 * colours.numpy()).astype("uint8")}
    numbers = [place for place, image in enumerate(drawings[0].colour) if image.tobytes() in used]
    ink = {image.tobytes() for image in np.round(255 * outlines.numpy()[..., :1]).astype("uint8")}
    lines = [place for place, image in enumerate(drawings[0].outline) if image.tobytes() in ink]
    assert len(set(numbers) & set(lines)) < 0.1 * len(numbers)  # some are drawn twice, as flags are


def test_the_shrunk_recipe_pairs_a_drawing_with_its_own_means(drawings):
    recipe = ShrunkRecipe(None, {}, 1, weigh, batch_size=20)
    small, images = next(iter(recipe.batches(drawings)))
    np.testing.assert_allclose(small[3, 2, 5], np.mean(images[3, 8:12, 20:24], axis=(0, 1)), atol=1e-6)


def test_pages_of_the_style_recipe_are_lit_anew_and_half_of_them_are_negatives(drawings):
    recipe = dataclasses.replace(RECIPES["style_transfer"], page=32, steps_per_epoch=40)
    first, second = (np.concatenate(list(recipe.batches(recipe.load()))) for _ in range(2))
    assert first.shape == (40, 32, 32, 3)
    assert 0 <= first.min() < first.max() <= 1
    np.testing.assert_allclose(first, second, atol=1e-6)  # the same seed
    dark = np.mean(first, axis=(1, 2, 3)) < 0.5
    assert 0.2 < dark.mean() < 0.8


def test_groups_of_the_concepts_recipe_belong_to_their_drawings(drawings, unchanged):
    recipe = ConceptsRecipe(None, {}, 1, weigh, batch_size=2000, labels=True, transform=unchanged)
    (images, labels), = recipe.batches(drawings)
    colours = [image.tobytes() for image in drawings[0].colour]
    known = dict(zip(colours, data.group_numbers(drawings[0])))
    once = {image for image in colours if colours.count(image) == 1}
    found = [image.tobytes() for image in np.round(255 * images.numpy()).astype("uint8")]
    assert all(known[image] == label for image, label in zip(found, labels.numpy()) if image in once)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_says_what_it_does(name):
    recipe = RECIPES[name]
    text = recipe.description()
    assert text["epochs"] == recipe.epochs
    assert str(recipe.learning_rate) in text["optimizer"]
    assert ("binarized" in text["data"]) == (recipe.transform is data.binarize)
    assert ("turned" in text["data"]) == (recipe.transform in (recipes.augment, recipes.augment_drawings))


def test_a_rise_longer_than_a_tenth_of_the_training_is_refused():
    with pytest.raises(ValueError, match="at most a tenth of all 100. Received: 11"):
        Recipe(**{**vars(FULL_BATCH), "warmup_steps": 11}).decay(1e-3, 100)


def test_a_transform_that_the_record_has_no_words_for_is_refused():
    with pytest.raises(ValueError, match="add .*mask_block.* to TRANSFORMS"):
        Recipe(**{**vars(FULL_BATCH), "transform": data.mask_block})


def test_several_seeds_are_all_recorded_and_the_first_is_stored(small, tmp_path):
    watch, record = train(Recipe(**{**vars(FULL_BATCH), "seeds": (3, 4)}), small, tmp_path)
    assert [result["seed"] for result in record["by_seed"]] == [3, 4]
    assert record["seed"] == 3
    assert record["metrics"] == record["by_seed"][0]["metrics"] != record["by_seed"][1]["metrics"]
    loaded = checkpoints.load("tiny", tmp_path / "checkpoints")
    assert weigh(loaded, None)["mean_weight"] == pytest.approx(record["metrics"]["mean_weight"], abs=1e-5)


def test_what_takes_long_is_measured_of_the_first_seed_alone(small, tmp_path):
    def long(model, mnist):
        return {"long": 1.0}

    _, record = train(Recipe(**{**vars(FULL_BATCH), "seeds": (3, 4), "measure_first": long}), small, tmp_path)
    assert [set(result["metrics"]) for result in record["by_seed"]] == [{"mean_weight", "long"}, {"mean_weight"}]
    assert record["metrics"]["long"] == 1.0


def test_a_kill_in_the_second_seed_keeps_the_first(small, tmp_path):
    recipe = Recipe(**{**vars(FULL_BATCH), "seeds": (3, 4)})

    def die_at_the_second(model, mnist, calls=[]):  # noqa: B006
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return weigh(model, mnist)

    train(Recipe(**{**vars(recipe), "measure": die_at_the_second}), small, tmp_path)
    again, record = train(recipe, small, tmp_path)
    assert again.epochs == []
    assert [result["seed"] for result in record["by_seed"]] == [3, 4]


@pytest.fixture
def quick_evaluator(small, monkeypatch):
    """A classifier that never learnt, in the place of the checkpoint."""
    monkeypatch.setattr(checkpoints, "load", lambda name: DigitClassifier(filters=(4, 4), feature_dim=8))


SAMPLE_METRICS = {
    "frechet_distance", "kernel_distance", "classifier_score", "precision", "recall", "density", "coverage",
    "smallest_class_share",
}


def test_the_measurements_of_samples(small, quick_evaluator):
    measured = measures.measure_samples(GAN(generator_widths=(8,), discriminator_widths=(8,)), small)
    assert set(measured) == SAMPLE_METRICS | {"median_distance_to_training", "seconds_per_1000"}
    assert np.isfinite(list(measured.values())).all()


def test_a_conditional_model_is_measured_by_what_was_asked_for(small, quick_evaluator, monkeypatch):
    model = GAN(generator_widths=(8,), discriminator_widths=(8,), num_classes=10)
    measured = measures.measure_samples(model, small._replace(train_labels=np.resize(small.train_labels, 2000)))
    assert 0 <= measured["accuracy_on_demand"] <= 1


def test_the_floors_are_measured_with_equal_sample_sizes(small, quick_evaluator):
    measured = measures.measure_classifier(DigitClassifier(filters=(4, 4), feature_dim=8), small)
    assert set(measured) == SAMPLE_METRICS | {"test_accuracy", "test_score"}


def test_the_measurements_of_a_diffusion_model(small, quick_evaluator):
    mnist = small._replace(validation_images=small.test_images, validation_labels=small.test_labels)
    measured = measures.measure_diffusion(Diffusion(widths=(8, 8), num_classes=10), mnist, count=20)
    calls = {name for name in measured if name.startswith("frechet_ddpm")}
    assert calls == {f"frechet_ddpm_{steps}" for steps in (1, 2, 4, 8, 20, 50, 250)}
    assert {"frechet_heun_1", "frechet_heun_19", "recall_guided_0", "accuracy_guided_10"} <= set(measured)
    assert np.isfinite(list(measured.values())).all()


def test_the_bits_of_a_model_that_never_learnt_are_those_of_the_counts_and_more(small):
    mnist = small._replace(validation_images=small.test_images, validation_labels=small.test_labels)
    measured = measures.measure_bits(Diffusion(widths=(8, 8)), mnist, count=10, num_draws=5)
    assert measured["bits_named_from"] == 4, "the sooner, the better"
    assert measured["bits_per_pixel"] > measured["bits_of_counts"] > 1


def test_a_student_starts_as_its_teacher_and_learns_its_pairs(small, monkeypatch):
    teacher = Diffusion(widths=(8, 8), num_classes=10, steps=2)
    teacher.average_network.set_weights([weight + 0.1 for weight in teacher.average_network.get_weights()])
    monkeypatch.setattr(checkpoints, "load", lambda name: teacher)
    recipe = ReflowRecipe(Diffusion, {"widths": (8, 8), "num_classes": 10}, 1, weigh, batch_size=40, num_pairs=40)
    student = recipe.build(small)
    for one, other in zip(student.network.get_weights(), teacher.average_network.get_weights()):
        np.testing.assert_array_equal(one, other)
    (images, labels, noise), = recipe.batches(small)
    drawn = teacher.decode(noise, labels, **recipe.teacher_draws)
    np.testing.assert_allclose(drawn, images, atol=1e-5)


def test_the_measurements_of_a_vae_fit_together(small):
    metrics = measures.measure_vae(VAE(latent_dim=2, hidden_units=(8,)), small, num_samples=5)
    assert metrics["test_negative_elbo"] == pytest.approx(metrics["test_reconstruction"] + metrics["test_kl"], rel=1e-5)
    assert metrics["test_iw_nll_5"] <= metrics["test_negative_elbo"] + 1


def test_lines_that_a_model_learnt_from_are_not_measured():
    lines = [f"a line of number {number:02d}" for number in range(50)]
    text = "\n".join([*lines[:45], *lines[:3], *lines[45:49]])  # the last tenth: 0 to 2 again, or a part, then 45 to 48
    model = SentenceVAE(Vocabulary.of(text).tokens, longest=20, latent_dim=2, units=4)
    measured = measures.measure_lines(model, text, num_samples=3)
    rows = encode_lines([lines[45]], model.vocabulary, 20)  # every fourth of the four that are new
    assert measured["test_iw_nll_3"] == pytest.approx(model.importance_weighted_nll(rows, 3, seed=0).mean(), rel=1e-5)
    assert measured["test_reconstruction"] > 0 < measured["test_kl"]


ASKED = "HAMLET to OPHELIA, short, with {}.\n"
ANSWERS = [Example(ASKED.format(word), f"HAMLET to OPHELIA:\nMy {word}.$") for word in ("honour", "father", "mother")]


class Obedient:
    """Writes the heading that is asked for, and never the word; every character costs it 2 nats."""

    vocabulary, window = Vocabulary.of("My lord." + "".join(map("".join, ANSWERS))), 256

    def generate(self, prompts, length, **options):
        return [f"{prompt}HAMLET to OPHELIA:\nMy lord.$" for prompt in prompts]

    def token_log_probs(self, numbers):
        return np.full((len(numbers), numbers.shape[1] - 1), -2.0)

    def numbers_of(self, text, least=1):
        return self.vocabulary.encode(text)


def test_answers_are_measured_by_demand_and_in_nats_per_character():
    measured = measures.measure_answers(Obedient(), {"test": ANSWERS, "plays": "my honour " * 100})
    assert measured["test_speaker"] == measured["test_listener"] == measured["test_length"] == 1
    assert measured["test_word"] == measured["test_all"] == 0
    assert measured["test_compliance"] == 0.75, "the mean of the four demands, without their product"
    assert measured["test_answer_nats"] == measured["test_nats_windows_256"] == 2


def test_instructions_are_mixed_with_plays_and_only_answers_count():
    recipe = dataclasses.replace(RECIPES["gpt_characters"], replay=0.25, steps_per_epoch=100, batch_size=4)
    play = data.load_text("shakespeare/hamlet")[:20_000]
    batches = recipe.batches({"train": examples_of(play, longest=recipe.longest), "plays": play})
    weights = np.concatenate([weights for _, _, weights in batches])
    whole = weights.all(axis=1)
    assert len(weights) == 400 and 0.17 < whole.mean() < 0.33
    assert not weights[~whole][:, :15].any(), "an instruction has more than 15 characters, and none counts"


def test_answers_are_measured_beside_those_of_the_reference(monkeypatch):
    class Silent(Obedient):
        def generate(self, prompts, length, **options):
            return [f"{prompt}$" for prompt in prompts]

        def token_log_probs(self, numbers):
            return np.full((len(numbers), numbers.shape[1] - 1), -3.0)

    monkeypatch.setattr(checkpoints, "load", lambda name: Silent())
    measured = measures.measure_preferred(Obedient(), {"test": ANSWERS, "plays": "my honour " * 100})
    assert measured["test_reward"] == 0.75 and measured["test_reference_reward"] == 0
    answer = "HAMLET to OPHELIA:\nMy lord.$"
    assert measured["test_kl"] == pytest.approx(len(answer)), "a nat for each character of its own answers"
    assert measured["test_compliance"] == 0.75


def test_a_recipe_of_preferences_learns_from_pairs_that_its_base_wrote(monkeypatch):
    asked, pairs = [], [Preference(*ANSWERS[0], "My$"), Preference(*ANSWERS[1], "No$")]
    monkeypatch.setattr(text_recipes, "write_preferences",
                        lambda base, instructions, *rest, **options: asked.extend(instructions) or pairs)
    recipe = PreferencesRecipe(DPO, {"method": "lora", "size": 1}, epochs=1, measure=weigh, base="gpt_shakespeare",
                               batch_size=2, instructions=2)
    chosen, rejected = next(iter(recipe.batches({"train": ANSWERS})))
    assert asked == [example.instruction for example in ANSWERS[:2]]
    lengths = [sorted(np.sum(side[2], axis=1)) for side in (chosen, rejected)]
    assert lengths == [sorted(len(example.answer) for example in ANSWERS[:2]), [3, 3]]
    model = recipe.build(None)
    recipe.compile(model, steps=10)
    assert type(model.optimizer).__name__ == "FusedAdam" and "gpt_shakespeare" in recipe.description()["data"]


def test_what_is_stored_of_an_adapted_model_is_a_plain_one():
    recipe = RECIPES["gpt_characters"]
    assert type(recipe.finished(recipe.build(None))).__name__ == "TransformerLanguageModel"


def test_the_measurements_of_an_autoencoder_fit_together(small):
    metrics = measures.measure_autoencoder(Autoencoder(latent_dim=2, widths=(8,)), small)
    assert metrics["ratio"] == pytest.approx(metrics["test_mse"] / metrics["pca_test_mse"])
    assert metrics["pca_test_mse"] < metrics["test_mse"], "PCA is better than a network that never learnt"
