"""What pytest collects here: chapters and solutions. The learner's notebooks fail until answered."""

collect_ignore = ["exercises"]
