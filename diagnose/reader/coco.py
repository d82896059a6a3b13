"""Names of the metrics in pycocotools' summary."""

from __future__ import annotations

from diagnose.patterns import lazy

LINE = lazy(r"\((A[PR])\) @\[ IoU=([\d.]+(?::[\d.]+)?) *\| area= *(\w+) *\| maxDets= *(\d+) *\]")
OVERLAPS = {"0.50:0.95": "", "0.50": "50", "0.75": "75"}


def coco_metric(text: str) -> str:
    """Return the canonical name of a summary line, such as ``val/map50``, ``val/map_small`` or ``val/ar_100``.

    Args:
        text: the part of the line before the equals sign.

    Returns:
        The name, or an empty text if the line is none of the twelve of the summary.
    """
    if (found := LINE.search(text)) is None or found[2] not in OVERLAPS:
        return ""
    area = f"_{found[3]}" if found[3] != "all" else ""
    if found[1] == "AP":
        return f"val/map{OVERLAPS[found[2]]}{area}"
    return f"val/ar{area}" if area else f"val/ar_{found[4]}"
