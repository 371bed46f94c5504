"""`python -m docs.generate`: writes the reference pages."""

from pathlib import Path

from docs.generate import commands, configuration, flows, reports, rights

DOCS = Path(__file__).parent.parent
PAGES = {
    "acl.md": rights.render,
    "commands.md": commands.render,
    "configuration.md": configuration.render,
    "flows.md": flows.render,
    "reports.md": reports.render,
}

if __name__ == "__main__":
    for name, render in PAGES.items():
        (DOCS / name).write_text(render(), encoding="utf-8")
