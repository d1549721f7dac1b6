"""Where the boxes, lines and texts of a diagram stand, on a grid of characters: one module for each kind of it."""
