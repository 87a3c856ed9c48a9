"""What MkDocs does not know: the repository around `docs/`, whose pages belong to the site too.

Links in the documents are relative and lead somewhere on GitHub. Here the same links lead to pages
of the site: what stands outside `docs/` and is linked is brought along.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    *sorted(
        path.relative_to(ROOT).as_posix()
        for folder in ("deploy", "helm")
        for path in ROOT.glob(f"{folder}/**/README.md")
    ),
    *("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
)
"""Pages outside `docs/`, under the same names on the site."""
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
ASSETS = {
    "assets/site.css": "tools/site/site.css",
    "assets/dog.svg": "tools/site/dog.svg",
    "assets/iframe-worker.js": "tools/site/vendor/iframe-worker.js",
}
LINK = re.compile(
    r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)"
)
FILE_NAME = re.compile(r"(?:[\w-]+/)*[\w-]+\.md")
FENCE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.DOTALL | re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill in what needs no line in `nav`: a cause, an alert, a way of deploying."""
    for section in config.nav or []:
        for name, entry in section.items():
            if entry == "runbook/":
                section[name] = _runbook()
            elif {"Other ways": "deploy/"} in entry:
                entry[entry.index({"Other ways": "deploy/"}) :] = _other_ways()
    config.extra["titles"] = dict(_titles(config.nav))
    return config


def _other_ways() -> list[object]:
    """The pages of the folders below `deploy/`, by their headings."""
    pages = [page for page in PAGES if page.startswith("deploy/") and page.count("/") > 1]
    entries = [{TITLE.findall((ROOT / page).read_text())[0]: page} for page in pages]
    return [{"Other ways": entries}] if entries else []


def _titles(nav: object) -> Iterator[tuple[str, str]]:
    """Each page's title in `nav`."""
    for entry in nav if isinstance(nav, list) else []:
        for title, below in entry.items() if isinstance(entry, dict) else ():
            if isinstance(below, str):
                yield below, title
            yield from _titles(below)


def _runbook() -> list[object]:
    names = sorted(path.name for path in (ROOT / "docs/runbook").glob("*.md"))
    entries = [{name.removesuffix(".md"): f"runbook/{name}"} for name in names]
    of_alerts = [entry for entry in entries if next(iter(entry)).startswith("Eval")]
    of_causes = [entry for entry in entries if entry not in of_alerts]
    causes = [entry for entry in of_causes if "README" not in entry]
    return [{"First five minutes": "runbook/README.md"}, {"Causes": causes}, {"Alerts": of_alerts}]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Bring along what stands outside `docs/`."""
    for path in PAGES:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    for name, path in ASSETS.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / path)))
    aside = InclusionLevel.NOT_IN_NAV
    for path in sorted(_linked(files)):
        file = File.generated(config, path, abs_src_path=str(ROOT / path), inclusion=aside)
        files.append(file)
    return files


def _linked(files: Files) -> set[str]:
    """What else pages link to: an example, a schema, a page that stands in no list."""
    known = {file.src_uri for file in files}
    found = set()
    for file in files.documentation_pages():
        for _, target, _ in LINK.findall(_prose(file.content_string)):
            name = _on_site(file.src_uri, target)
            if name and name not in known:
                found.add(name)
    return found


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links that leave `docs/`, or come from outside of it, lead to where these are here.

    A link that is told by its file's name is told by the page's title.
    """
    titles: dict[str, str] = config.extra["titles"]

    def moved(match: re.Match[str]) -> str:
        text, target, anchor = match[1], match[2], match[3] or ""
        name = _on_site(page.file.src_uri, target)
        if name is None or files.get_file_from_path(name) is None:
            # a folder of the sources: nothing of it is on the site; what leads nowhere is left to
            # MkDocs, which says so
            return text if _source(page.file.src_uri, target).is_dir() else match[0]
        if FILE_NAME.fullmatch(text):
            text = titles.get(name, text)
        up = "../" * page.file.src_uri.count("/")
        return f"[{text}]({up}{name}{anchor})"

    parts = FENCE.split(markdown)
    return "".join(part if FENCE.fullmatch(part) else LINK.sub(moved, part) for part in parts)


def _prose(markdown: str) -> str:
    return FENCE.sub("", markdown)


def _source(page: str, target: str) -> Path:
    """Where a page's link leads in the repository."""
    own = ROOT / "docs" / page
    home = own if own.exists() else ROOT / page
    return (home.parent / target).resolve()


def _on_site(page: str, target: str) -> str | None:
    """The name on the site of what a page links to; None for what isn't there or is a folder."""
    source = _source(page, target)
    if (source / "README.md").is_file():
        source /= "README.md"
    if not source.is_file() or not source.is_relative_to(ROOT):
        return None
    name = source.relative_to(ROOT).as_posix()
    return name.removeprefix("docs/")
