"""The binary run log of Weights & Biases, read without the wandb package (which no longer holds a reader)."""
