"""The ground floor: errors, shapes, names and the runtime. Knows nothing of networks."""
