"""How each kind of picture is drawn: one file a kind. With `render`, the only place that knows matplotlib.

Figures are made through matplotlib's objects; nothing global is touched, so a program that
draws with pyplot beside this keeps its settings. matplotlib is loaded when something is drawn.
"""
