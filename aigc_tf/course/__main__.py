"""`python -m aigc_tf.course`: see `runner`."""

import sys

from aigc_tf.course.runner import main

if __name__ == "__main__":
    sys.exit(main())
