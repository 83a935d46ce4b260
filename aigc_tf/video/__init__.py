"""Video (chapter 10): what the next frames are. So far `baselines`, predictions without learning."""

from aigc_tf.video.baselines import linear_motion, repeat_last

__all__ = ["linear_motion", "repeat_last"]
