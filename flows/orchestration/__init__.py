"""What the Prefect faces of the runbooks share: forms, names, pages, guards, telling people."""
