"""What all models share: the base class, noise, labels, input checks, several devices, files, and the two stacks."""
