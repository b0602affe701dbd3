"""What to change: how much (dose), what is known of optimizers (data), and one plan from many findings."""
