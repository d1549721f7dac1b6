"""Every shape and parameter of a Keras model, and why, without importing TensorFlow."""
