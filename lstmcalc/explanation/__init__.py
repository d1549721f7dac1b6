"""What a report or a reading says, in words and diagrams, as plain data; what draws it are the renderers."""
