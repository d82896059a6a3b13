"""Documented mechanisms of training as plain functions, so that advice and reports can state their numbers.

One module per mechanism, pure Python, nothing imported from the rest of the program.
"""
