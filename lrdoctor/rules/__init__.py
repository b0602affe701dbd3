"""Is that a symptom: one file per rule, its thresholds in its `Settings` and nowhere else."""
