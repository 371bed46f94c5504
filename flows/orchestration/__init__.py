"""What the Prefect flows share: run names, pages, concurrency, approval, notifications."""
