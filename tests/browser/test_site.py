"""The documents as a site: built strictly, read without a network, on a desk and on a phone."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from markdown_it import MarkdownIt

from tests.paths import ROOT

pytestmark = pytest.mark.acceptance

DESK = {"width": 1300, "height": 900}
PHONE = {"width": 390, "height": 844}
COUNTED = ("table", "tr", "td", "th", "ul", "ol", "li", "pre", "h1", "h2", "h3", "img")
"""What of a page has to be the same as where GitHub shows it."""
BROUGHT = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/README.md")
PAGES = sorted(
    [
        *(path.relative_to(ROOT) for path in ROOT.glob("docs/**/*.md")),
        *map(Path, BROUGHT),
        *(path.relative_to(ROOT) for path in ROOT.glob("helm/*/README.md")),
    ]
)
LOADED = re.compile(r'(?:src|href)="(https?:[^"]+)"')
LINKS = re.compile(r"<(?:script|link|img|iframe)\b[^>]*>")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Built by what `make site` runs, where no network is."""
    python = Path(f"{sys.prefix}-docs") / "bin" / "python"
    if not python.exists():
        missing = "there is no environment for the site: make with-docs"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(missing)
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [str(python), "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={"NO_MKDOCS_2_WARNING": "true", "HTTPS_PROXY": "http://127.0.0.1:9", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


class Counts(HTMLParser):
    """How often each tag is there."""

    def __init__(self, text):
        super().__init__()
        self.tags = dict.fromkeys(COUNTED, 0)
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        del attrs
        if tag in self.tags:
            self.tags[tag] += 1


def made_of(site, page):
    """The file that a page became."""
    name = page.as_posix().removeprefix("docs/")
    name = re.sub(r"README\.md$", "index.html", name)
    return site / re.sub(r"\.md$", ".html", name)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_is_what_github_shows(site, page):
    """Lists that need an empty line before them, tables, code: what MkDocs reads otherwise."""
    html = made_of(site, page).read_text()
    article = html[html.index("<article") : html.index("</article>")]
    shown = MarkdownIt("gfm-like", {"linkify": False}).render((ROOT / page).read_text())
    assert Counts(article).tags == Counts(shown).tags


def test_nothing_is_loaded_from_elsewhere(site):
    for file in site.rglob("*.html"):
        loaded = [url for tag in LINKS.findall(file.read_text()) for url in LOADED.findall(tag)]
        assert loaded == [], file.name


@pytest.fixture
def look(browser, site):
    """Opens a page from the disk; what it asks of a network fails the test."""
    asked, contexts = [], []

    def made(name, viewport=DESK):
        contexts.append(browser.new_context(viewport=viewport))
        page = contexts[-1].new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: said.type == "error" and asked.append(said.text))
        page.goto((site / name).as_uri())
        return page

    yield made
    for context in contexts:
        context.close()
    assert [url for url in asked if urlsplit(url).scheme not in {"file", "blob", "data"}] == []


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", ["index", "install", "configuration", "runbook/hung_tool_call"])
def test_it_fits_the_screen(look, name, viewport):
    page = look(f"{name}.html", viewport)
    page.wait_for_selector("article h1")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_cause_is_found_by_its_words_without_a_server(look):
    page = look("index.html")
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type("provider quota used up")
    first = page.locator(".md-search-result__link").first
    first.wait_for()
    assert "runbook/provider_quota.html" in first.get_attribute("href")
    first.click()
    page.wait_for_selector("article h1 >> text=provider_quota")


def test_each_cause_and_alert_stands_in_the_navigation(look):
    page = look("runbook/index.html")
    links = page.locator(".md-nav--primary a").evaluate_all("all => all.map(one => one.href)")
    pages = {f"{path.stem}.html" for path in ROOT.glob("docs/runbook/*.md")} - {"README.html"}
    assert pages <= {link.rsplit("/", 1)[-1] for link in links}
