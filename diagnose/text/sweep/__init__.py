"""A comparison of many runs as text: for the terminal, line by line, Markdown, HTML and JSON."""
