"""Makes the sample logs: real trainings on scikit-learn's bundled data, each a few seconds on a CPU."""
