"""The plan behind `compile`: which rows of layers run as one native program, and which by themselves."""
