"""Runs of a training command: started, watched, stopped, judged from their logs, and kept in a ledger."""
