"""Kinds of recipes for models of chorales."""

from dataclasses import dataclass

from aigc_tf import data
from aigc_tf.core.optimizers import Muon
from aigc_tf.music.events import chorale_windows
from aigc_tf.recipe_kinds import Recipe


@dataclass(frozen=True)
class ChoraleRecipe(Recipe):
    """A model of Bach's chorales, trained on windows of `frames` sixteenths in many keys; its dataset are the parts."""

    frames: int = 96
    steps_per_epoch: int = 100
    muon: bool = True  # Muon for the matrices of Transformers; False: Adam alone
    adam_ratio: float = 0.15
    curve_of: str = "nats"

    def load(self):
        return data.load_chorales()

    def batches(self, chorales, seed=0):
        options = {"frames": self.frames, "batch_size": self.batch_size, "steps": self.steps_per_epoch, "seed": seed}
        return chorale_windows(chorales[0], **options)

    def compile(self, model, steps):
        if not self.muon:
            return super().compile(model, steps)
        return model.compile(optimizer=Muon(self.decay(self.learning_rate, steps), self.adam_ratio))

    def description(self):
        words = {
            **super().description(),
            "data": f"Bach's chorales, the training part, windows of {self.frames} sixteenths from any quarter on, in "
                    f"any key in which they can be sung, {self.steps_per_epoch} batches an epoch",
        }
        if self.muon:
            words["optimizer"] = (f"Muon, {self.learning_rate} {self.decay_text()}; Adam at {self.adam_ratio} times "
                                  "that for embeddings and logits")
        return words
