"""Reading curves out of what a training printed.

The road of a line: `stream` cuts the file into clean blocks of lines, `shapes` says which lines are written
alike,
`grammar` reads one line of each shape (`words` is its dictionary), `scan` takes the numbers of all lines of a
shape
at once, `axis` finds out what counts the training, and `assemble` makes tables of it, which end in
`readers/_table.py` like every other table. `settings` finds hyperparameters in the text above the curves.
"""
