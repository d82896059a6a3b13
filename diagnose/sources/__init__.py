"""Bytes: decompressed, decoded, without terminal control and overwritten bar states, with line numbers kept."""

from diagnose.sources.lines import Line, lines, lines_at, text_of
from diagnose.sources.source import HEAD, MAX_BYTES, Source, from_bytes, open_source

__all__ = ["HEAD", "MAX_BYTES", "Line", "Source", "from_bytes", "lines", "lines_at", "open_source", "text_of"]
