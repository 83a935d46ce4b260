"""Trainings by the recipe of a checkpoint with something changed, as runs of a study (chapter 8b)."""

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from aigc_tf import checkpoints
from aigc_tf.recipes import RECIPES, train_once


@dataclass(frozen=True)
class RecipeRun:
    """One training by a recipe, measured as its checkpoint is; its weights are not kept.

    Args:
        name: of the run, which says what is changed.
        recipe: the checkpoint's name.
        config: the model's arguments that differ.
        seed: of the training.
    """

    name: str
    recipe: str
    config: dict = field(default_factory=dict)
    seed: int = 0
    counts: str = "epochs"  # the recipe's are its budget

    def changed(self):
        """The recipe with this run's arguments."""
        recipe = RECIPES[self.recipe]
        return replace(recipe, config={**recipe.config, **self.config})

    def load(self):
        return RECIPES[self.recipe].load()


def carry_out(run, dataset):
    """Trains a `RecipeRun`; returns its row in the record: minutes, the recipe's curve over them, and its metrics."""
    recipe = run.changed()
    with tempfile.TemporaryDirectory() as folder:
        model, trained = train_once(recipe, run.seed, dataset, Path(folder))
    model = recipe.finished(model)
    if recipe.half_precision:
        checkpoints.round_to_half(model)
    measured = {name: round(float(value), 5) for name, value in recipe.measure(model, dataset).items()}
    return {"name": run.name, "seed": run.seed, "parameters": model.count_params(), **trained, **measured}
