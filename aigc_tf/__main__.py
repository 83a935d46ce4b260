"""`python -m aigc_tf`: is this machine ready for the course?  See `course.preflight`."""

import sys

from aigc_tf.course.preflight import main

if __name__ == "__main__":
    sys.exit(main(arguments=sys.argv[1:]))
