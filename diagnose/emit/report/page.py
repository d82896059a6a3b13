"""The story through the templates of ``templates/report``: Markdown, and one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from diagnose.emit.report.svg import classes, svg
from diagnose.model import Argument, Cause, Finding, Place
from diagnose.model.story import Chapter, Story
from diagnose.text import changes, escape, excerpt, markup, remark, wording
from diagnose.text.templates import environment

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_PLACES = 3
MOST_CARDS = 30
SIGNS = {"error": "❌", "warning": "⚠️", "info": "ℹ️", "hint": "💡"}
VERDICTS = {
    "as expected": "good", "better": "good", "same": "none", "less": "warning", "differs": "warning", "worse": "error",
}  # fmt: skip


def as_html(story: Story, version: str, url: Callable[[str], str]) -> str:
    """Return the page."""
    page = (
        _environment("html")
        .get_template("page.html.j2")
        .render(
            rows=lambda finding: list(excerpt.rows(finding, 2000)),
            svg=_drawn,
            classes=classes,
            **_shared(story, version, url),
        )
    )
    return page.rstrip("\n") + "\n"


def as_markdown(story: Story, version: str, url: Callable[[str], str]) -> str:
    """Return GitHub-flavoured Markdown."""
    page = (
        _environment("markdown")
        .get_template("page.md.j2")
        .render(excerpt=_excerpt, signs=SIGNS, **_shared(story, version, url))
    )
    return page.rstrip("\n") + "\n"


def _shared(story: Story, version: str, url: Callable[[str], str]) -> dict[str, Any]:
    explained = [_explained(chapter) for chapter in story.chapters]
    return {
        "story": story,
        "version": version,
        "url": url,
        "explained": explained,
        "several": len(story.chapters) > 1,
        "where": partial(where, names=short_names(_paths(story))),
        "changes": changes,
        "position": wording.position,
        "plural": wording.plural,
        "verdicts": VERDICTS,
        "most_cards": MOST_CARDS,
        "grave": lambda chapter: [pair for pair in chapter.findings if pair[1].severity in ("error", "warning")],
        "mild": lambda chapter: [pair for pair in chapter.findings if pair[1].severity in ("info", "hint")],
        "total": lambda severity: sum(finding.severity == severity for _, finding in story.findings),
        "files": story.files,
        "segmented": lambda chapter: len(chapter.segments) > 1,
    }


def _explained(chapter: Chapter) -> dict[int, str]:
    """Return by the number of a finding the first suspect that would explain it."""
    found: dict[int, str] = {}
    for cause in (one for one in chapter.causes if one.score > 0):
        for number, finding in chapter.findings:
            if finding.fingerprint in cause.folds:
                found.setdefault(number, cause.title)
    return found


def _paths(story: Story) -> Iterator[str]:
    """Yield the paths that the story points at."""
    for chapter in story.chapters:
        yield chapter.file.path
        for _, finding in chapter.findings:
            yield from (place.path for place in (finding.place, *(one.place for one in finding.evidence)))
        for cause in chapter.causes:
            yield from (place.path for one in (*cause.supports, *cause.against) for place in one.places)
        yield from (place.path for one in chapter.summary for place in one.places)
        yield from (place.path for one in chapter.expectations for place in one.places)
    for comparison in story.comparisons:
        places = [place for one in comparison.changes for place in (one.old_place, one.new_place)]
        places += [place for one in comparison.results for place in (one.old_place, one.new_place)]
        yield from (place.path for place in places if place is not None)


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """Return what each path is called: its last part, with as many folders as tell it from the others."""
    parts = {path: path.replace("\\", "/").rstrip("/").split("/") for path in dict.fromkeys(paths) if path}
    names = {}
    for path, own in parts.items():
        count = 1
        while count < len(own) and any(other[-count:] == own[-count:] for one, other in parts.items() if one != path):
            count += 1
        names[path] = "/".join(own[-count:]) or path
    return names


def where(places: Iterable[Place], names: Mapping[str, str] | None = None) -> str:
    """Return ``run.log:12, 15`` for the lines that show something: the first few.

    Args:
        places: where it stands.
        names: what paths are called, from ``short_names``.
    """
    found: dict[str, list[int]] = {}
    for place in places:
        if place.path:
            lines = found.setdefault(place.path, [])
            if place.line and place.line not in lines:
                lines.append(place.line)
    told = []
    for path, lines in found.items():
        name = (names or {}).get(path) or short_names([path])[path]
        shown = ", ".join(map(str, lines[:MOST_PLACES])) + (" ..." if len(lines) > MOST_PLACES else "")
        told.append(f"{name}:{shown}" if lines else name)
    return "; ".join(told)


def _drawn(chart: Any, number: int) -> Any:
    from markupsafe import Markup

    return Markup(svg(chart, number))  # noqa: S704 - every text in it was escaped


def _excerpt(finding: Finding) -> str:
    rows = list(excerpt.rows(finding, 240))
    gutter = max((len(str(row.number)) for row in rows), default=0)
    lines = []
    for row in rows:
        if row.kind == "path":
            lines.append(f"{' ' * gutter}--> {row.text}")
        else:
            number = str(row.number) if row.kind == "line" else ""
            lines.append(f"{number.rjust(gutter)} {'|' if number else ':'} {row.text}".rstrip())
    return escape.code_block("\n".join(lines)) if lines else ""


@cache
def _environment(kind: str) -> Environment:
    made = environment("report", "findings", html=kind == "html")
    made.filters.update(
        blocks=markup.blocks,
        spans=markup.spans,
        score=wording.score,
        line=escape.line,
        fence=lambda value, language="text": escape.code_block(str(value).rstrip("\n"), language),
        remark=lambda value: "\n".join(remark.blocks(value)).strip("\n"),
        sentence=remark.sentence,
        indented=lambda value, by=4: "\n".join(" " * by + one if one else one for one in str(value).split("\n")),
        weight=lambda value: f"{value:+.4g}" if value else "0",
        number=lambda value: changes.number(float(value), 4),
    )
    made.tests["cause"] = lambda value: isinstance(value, Cause | Argument)
    return made
