"""What the curve shows: arrays to numbers. No verdict, no threshold that decides anything, no prose.

Each public module lists its signals in ``SIGNALS``; a signal is a function whose parameters name what it needs
(a role, another signal), and whose name is what rules ask for.
"""
