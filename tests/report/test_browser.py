"""Reports in a real browser: no console message, nothing of a log run as markup, both colour schemes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from diagnose.cli.main import main

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")

EPOCHS = 1000
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=document.title='owned'>"
PROBE = "<script>document.title += ' ' + getComputedStyle(document.body).backgroundColor</script>"


def browse(page: Path, *, dark: bool = False) -> tuple[str, list[str]]:
    """Return the document as the browser sees it, and what it said on its console."""
    command = [
        str(CHROMIUM),
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
        *("--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--v=0"),
        f"--user-data-dir={page.parent / 'profile'}",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        "--dump-dom",
        page.as_uri(),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "</html>" in ran.stdout, ran.stderr[-2000:]
    return ran.stdout, [line for line in ran.stderr.splitlines() if ":CONSOLE:" in line]


def title(page: str) -> str:
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert found is not None
    return found[1]


def brightness(page: str) -> int:
    return sum(int(number) for number in re.findall(r"\d+", title(page).rpartition("rgb")[2])[:3])


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run of a thousand epochs that ends badly, with lines of a log that mean to be markup."""
    folder = tmp_path_factory.mktemp("browser")
    lines = []
    for epoch in range(1, EPOCHS + 1):
        loss = "nan" if epoch > 900 else f"{2 * 0.997**epoch + 0.1:.4f}"
        score = 0.6 * (1 - 0.99**epoch)
        lines += [f"Epoch {epoch}/{EPOCHS}", f"90/90 - 3s - loss: {loss} - val_loss: {loss} - val_acc: {score:.4f}"]
        if epoch == 500:
            lines.append(f"ERROR {HOSTILE} ::error::gone")
    lines += ["Traceback (most recent call last):", '  File "train.py", line 3, in <module>', f"ValueError: {HOSTILE}"]
    log = folder / "run.log"
    log.write_text("\n".join(lines) + "\n")
    with pytest.raises(SystemExit) as ended:
        main(["report", str(log), "-o", str(folder / "report.html")])
    assert ended.value.code in (0, None)
    return folder / "report.html"


def test_browser_tells_of_what_is_wrong(tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<!doctype html><title>x</title><script>console.error('boom'); nothing()</script>")
    _, said = browse(page)

    assert len(said) == 2


def test_report_opens_in_silence(report: Path) -> None:
    page, said = browse(report)

    assert said == []
    assert "owned" not in title(page)
    assert "document.title=" in page
    assert "<svg" in page
    assert not re.search(r"<(script|img|iframe|link|object)\b|\son\w+=[\"']", page)


def test_report_has_two_colour_schemes(report: Path) -> None:
    probed = report.with_name("probed.html")
    page = report.read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    probed.write_text(page.replace("default-src 'none'", "").replace("</body>", f"{PROBE}</body>"), encoding="utf-8")

    light, dark = (brightness(browse(probed, dark=dark)[0]) for dark in (False, True))
    assert light > 600
    assert dark < 200
