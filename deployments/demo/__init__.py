"""What the demo needs beside redis-dr itself: an instance, its data, a service that answers."""
