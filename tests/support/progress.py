"""A listener that remembers what an operation reported."""


class Heard(list[str]):
    """The lines, each with its share in per cent where one was reported: "verifying, 80 %"."""

    def __call__(self, text: str, done: float | None = None, /) -> None:
        self.append(text if done is None else f"{text}, {round(100 * done)} %")
