"""Many inputs at once: processes forked from this one read side by side, and what they find comes in input order."""
