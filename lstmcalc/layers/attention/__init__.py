"""Keras's attention layers: every step of a query weighs all steps of a value, and takes their weighted mean."""
