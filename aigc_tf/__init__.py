"""aigc_tf: the helper package of the course. Import from it before TensorFlow: `from aigc_tf import data, vae`."""

import contextlib
import os
import sys
import warnings

# Both must be set before TensorFlow and Keras are imported anywhere in the process.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no start-up chatter in the notebooks

if os.environ["KERAS_BACKEND"] != "tensorflow":
    raise ImportError(
        "The course's train_step methods use tf.GradientTape, so Keras must run on TensorFlow. "
        f"Received: KERAS_BACKEND={os.environ['KERAS_BACKEND']!r}. Unset it, or set it to 'tensorflow'."
    )


@contextlib.contextmanager
def _silent_stderr():
    """Sends file descriptor 2 to nowhere: newer TensorFlow logs there before any setting can reach it."""
    sys.stderr.flush()
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


with _silent_stderr():
    import keras  # noqa: F401
    import tensorflow  # noqa: F401

# Keras 3 says this at every fit on a tf.data pipeline, whatever the arguments; ours shuffle themselves.
warnings.filterwarnings("ignore", message="`shuffle=True` was passed, but will be ignored")

__version__ = "0.1.0"
