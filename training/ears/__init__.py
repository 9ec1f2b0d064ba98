"""How the ears' bundled weights are made: synthetic voices, texts, noises, scenes, trainings, evaluation."""
