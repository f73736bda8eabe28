"""Text from people and from models, without what nobody sees."""

import unicodedata

# Letters and symbols by their category, and blank on every screen.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Both join what stands on either side: emoji of several people, Persian words.
_JOINERS = frozenset("\u200c\u200d")
_LINES = frozenset("\n\t")


def one_line(value: str) -> str:
    """Give a title, each run of blanks as one space; raise ValueError for what cannot be shown."""
    return _visible(_without_control(" ".join(value.split())))


def lines(value: str) -> str:
    """Give a message, which may have lines; raise ValueError for what cannot be shown."""
    return _visible(_without_control(value.replace("\r\n", "\n")))


def repaired(value: str) -> str:
    """Give what a model said: what cannot be kept is replaced, and nothing is refused."""
    kept = "".join(
        "\ufffd" if unicodedata.category(one) == "Cs" else one
        for one in value
        if one in _LINES or unicodedata.category(one) != "Cc"
    )
    return kept.strip()


def _without_control(value: str) -> str:
    for one in value:
        if unicodedata.category(one) in {"Cc", "Cs"} and one not in _LINES:
            raise ValueError("must not contain control characters")
    return value


def _visible(value: str) -> str:
    kept = "".join(one for one in value if one in _JOINERS or unicodedata.category(one) != "Cf")
    if all(one.isspace() or one in _BLANK or one in _JOINERS for one in kept):
        raise ValueError("must contain something that can be seen")
    return kept.strip()
