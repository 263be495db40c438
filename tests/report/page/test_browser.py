"""The page in a browser: drawn, and without a complaint."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from emu.report.page.writing import write_page
from tests.report.page.conftest import Page

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)

pytestmark = pytest.mark.skipif(not BROWSER, reason="there is no Chromium to open the page with")


@pytest.fixture
def opened(tmp_path):
    """Opens a page in a browser that can reach nothing else; what became of it, and what it said
    on its console."""

    def browse(page: Path):
        done = subprocess.run(
            [
                BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr",
                "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=30000",
                "--window-size=1200,900", "--dump-dom", page.as_uri(),
            ],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        return done.stdout, re.findall(r"CONSOLE.*", done.stderr)

    return browse


def drawings(dom):
    """Of each chart its SVG."""
    places = dom.split('class="chart')[1:]
    return [place.partition("</figure>")[0] for place in places]


def test_every_chart_is_drawn(opened, nodeport, compared, swept, capacity, tmp_path):
    """Marks of every chart, drawn over the width of the page, and nothing on the console."""
    page = tmp_path / "page.html"
    write_page([nodeport, compared, swept(), swept(("random",)), capacity], page)
    dom, said = opened(page)
    assert said == []
    charts = drawings(dom)
    assert len(charts) == len(Page(page.read_text()).specs) > 15
    for chart in charts:
        assert "<svg" in chart
        assert len(re.findall(r'<path aria-label|<path[^>]* d="M', chart)) > 2
        assert float(re.search(r'<svg[^>]* width="([\d.]+)"', chart)[1]) > 600
        assert "NaN" not in chart.partition("<script")[0]


def test_hostile_names_are_drawn_and_not_run(opened, synthetic, recorded, tmp_path):
    """A label with a script in it is a label."""
    folder = recorded(synthetic.rows(2000), scenario="<script>document.title = 'run'</script>")
    write_page([folder], tmp_path / "page.html")
    dom, said = opened(tmp_path / "page.html")
    assert said == []
    assert "<title>run</title>" not in dom
    assert "&lt;script&gt;document.title" in dom


def test_a_script_that_is_not_the_page_s_does_not_run(opened, nodeport, tmp_path):
    """Put into the page by whatever way, its policy refuses it."""
    page = tmp_path / "page.html"
    write_page([nodeport], page)
    page.write_text(
        page.read_text().replace("</main>", "<script>document.title='x'</script></main>")
    )
    dom, said = opened(page)
    assert "<title>x</title>" not in dom
    assert len(said) == 1 and "Content Security Policy" in said[0]
