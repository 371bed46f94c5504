"""Speed and memory, measured against the peer named in the issue, in the same run."""
