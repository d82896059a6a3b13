"""The steps of a study, one per file: each asks for trials and returns what they came to."""
