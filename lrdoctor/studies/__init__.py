"""What several runs say together: sweeps over the learning rate."""
