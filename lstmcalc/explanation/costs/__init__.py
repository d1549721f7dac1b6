"""What a model and a layer cost, in figures and in words: MACs and FLOPs forward, and the MACs of a training step."""
