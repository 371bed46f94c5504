"""Reports as pages for people: pure functions from a report to Markdown, one module per area."""
