"""What every output needs to write text: escaping, terminal columns, small Markdown, shared sentences, JSON records."""
