"""Several measures as one."""


def measure_all(*measures):
    """One measurement made of several."""
    return lambda model, dataset: {key: value for each in measures for key, value in each(model, dataset).items()}
