"""Keras's image layers: cutting, resizing, and the random changes that make more images of few."""
