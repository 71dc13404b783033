"""Lints: mistakes that give no error. Each is noticed on the graph itself, or on what the sessions have run.

A false alarm is worse than silence: a rule speaks only where the program cannot be meant like that.
"""
