"""What the YOLO consoles say about the data: scans of labels, damaged images, instances of each class."""

from __future__ import annotations

from diagnose.reader.builder import RunBuilder
from diagnose.reader.grammar import Match
from diagnose.reader.yolo_rows import numbers, whole
from diagnose.records import dataclass, field
from diagnose.sources import Line

CLASS_ROWS = (6, 10)
"""Numbers in the row of a class: images, instances and four metrics, or eight with masks or key points."""


@dataclass
class DataReport:
    """Collects, because only the last state of a scan counts and images are counted; ``flush`` reports."""

    build: RunBuilder
    scans: dict[str, tuple[Match, Line]] = field(default_factory=dict)
    damaged: dict[str, tuple[int, Line]] = field(default_factory=dict)
    instances: dict[str, float] = field(default_factory=dict)
    classes: Line | None = None

    def scan(self, match: Match, line: Line) -> None:
        """Take a state of a scan."""
        split = match.tokens[0][1].split(":")[0].strip()
        self.scans[split if split in ("train", "val", "test") else ""] = (match, line)

    def corrupt(self, line: Line) -> None:
        """Count an image that could not be read, or that was repaired."""
        kind = "restored" if "restored" in line.text else "ignored"
        count, first = self.damaged.get(kind, (0, line))
        self.damaged[kind] = (count + 1, first)

    def class_row(self, match: Match, line: Line) -> None:
        """Take the instances of a class from the table of the best weights; a second table is of other data."""
        values, _ = numbers(match)
        name = (match.get("NAME") or "").strip()
        if name in self.instances or len(values) not in CLASS_ROWS:
            return
        self.classes = line if not self.instances else self.classes
        self.instances[name] = values[1]

    def flush(self) -> None:
        """Report all that was collected, and forget it."""
        corrupt = 0
        for split, (match, line) in self.scans.items():
            corrupt += _scanned(self.build, split, match, line)
        for kind, (count, first) in self.damaged.items():
            if kind == "restored" or not corrupt:
                text = first.text.strip()
                message = f"{count} {kind}: {text}"[:200]
                self.build.event("corrupt_images", first.number, text, count=count, message=message)
        if self.instances and self.classes is not None:
            number, text, total = self.classes.number, self.classes.text.strip(), sum(self.instances.values())
            self.build.fact("class_names", list(self.instances), number, text)
            if total > 0:
                shares = {name: count / total for name, count in self.instances.items()}
                self.build.fact("val_class_distribution", shares, number, text)
        self.scans, self.damaged, self.instances = {}, {}, {}


def _scanned(build: RunBuilder, split: str, match: Match, line: Line) -> int:
    """Report one scan; return its number of corrupt images.

    Old versions count ``found, missing, empty, corrupt``, new ones ``images, backgrounds, corrupt``, where images have
    a label file and backgrounds have none or an empty one.
    """
    text = line.text.strip()
    values, names = match.all("INT"), match.all("COUNTED")
    count = {name: whole(value) for value, name in zip(values, names, strict=False)}
    done, _, total = (match.get("FRACTION") or "").partition("/")
    if done != total and done:
        return 0  # cut off in the middle of the scan
    is_new = "images" in count
    found = count.get("images" if is_new else "found", 0)
    missing = count.get("backgrounds" if is_new else "missing", 0)
    empty = count.get("empty", 0)
    corrupt = count.get("corrupt", count.get("corrupted", 0))
    images = whole(total) if total else found + (0 if is_new else missing)
    if split != "test" and images > corrupt:
        build.fact(f"{split or 'train'}_samples", float(images - corrupt), line.number, text)
    # With new counts, as many backgrounds as images may also be one half each, which only the bar's total tells.
    if found == empty or (is_new and found == missing == images):
        build.event("no_labels", line.number, text, message=f"no labels among the {split or 'scanned'} images")
    elif missing or empty:
        build.event("labels_missing", line.number, text, found=found, missing=missing, empty=empty, corrupt=corrupt)
    if corrupt:
        build.event("corrupt_images", line.number, text, count=corrupt, message=f"{corrupt} corrupt")
    return corrupt
