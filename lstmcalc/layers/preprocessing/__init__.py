"""Keras's preprocessing of numbers, categories, text and sound."""
