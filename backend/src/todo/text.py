"""Text from people and from models, without what nobody sees."""

import re
import unicodedata

# Inside brackets of a pattern, in the spelling that JSON Schema has too.
_CONTROL_IN_A_LINE = r"\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f"
_CONTROL_IN_LINES = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
# Of no width, or turning the direction of what follows.
_INVISIBLE = (
    r"\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    r"\ufeff\ufff9-\ufffb"
)
_INVISIBLE_BEYOND = r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
# Both join what stands on either side: emoji of several people, Persian words.
_JOINERS = r"\u200c\u200d"
# What Python takes for white space. In JSON Schema \s has U+FEFF, and neither U+0085 nor U+001C
# to U+001F.
_SPACE = r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# Letters and symbols by their category, and blank on every screen.
_BLANK = r"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_UNSEEN = rf"{_SPACE}{_INVISIBLE}{_JOINERS}{_BLANK}"
_HALVES = r"\ud800-\udfff"


def _described(control: str) -> str:
    return rf"^[^{control}]*[^{control}{_UNSEEN}][^{control}]*$"


LINE_PATTERN = _described(_CONTROL_IN_A_LINE)
LINES_PATTERN = _described(_CONTROL_IN_LINES)
"""What the API's description says of a title and of a message."""

_NO_WORD = rf"{_CONTROL_IN_A_LINE}{_SPACE}#,"
TAG_PATTERN = rf"^#?[^{_NO_WORD}]*[^{_NO_WORD}{_UNSEEN}][^{_NO_WORD}]*$"
"""And of a tag."""

_REFUSED_IN_A_LINE = re.compile(f"[{_CONTROL_IN_A_LINE}{_HALVES}]")
_REFUSED_IN_LINES = re.compile(f"[{_CONTROL_IN_LINES}{_HALVES}]")
_DROPPED = re.compile(f"[{_INVISIBLE}{_INVISIBLE_BEYOND}]")
_SEEN = re.compile(f"[^{_UNSEEN}]")


def one_line(value: str) -> str:
    """Give a title, each run of blanks as one space; raise ValueError for what cannot be shown."""
    return _visible(" ".join(value.split()), _REFUSED_IN_A_LINE)


def tag(value: str) -> str:
    """Give a tag without its sign and without capitals; raise ValueError for what is none."""
    word = value.removeprefix("#")
    if re.search(r"[\s#,]", word):
        raise ValueError("must be one word, without # and commas")
    return unicodedata.normalize("NFC", one_line(word).lower())


def folded(value: str) -> str:
    """Give a word as titles are searched: without capitals and accents."""
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", value)).lower()


def lines(value: str) -> str:
    """Give a message, which may have lines; raise ValueError for what cannot be shown."""
    return _visible(value.replace("\r\n", "\n").replace("\r", "\n"), _REFUSED_IN_LINES)


def repaired(value: str) -> str:
    """Give what a model said: what cannot be kept is replaced, and nothing is refused."""
    return without_controls(value).strip()


def broken_off(value: str) -> str:
    """Give what was said as far as it goes, with a sign that it was to go on."""
    return f"{value.rstrip()} …"


def without_controls(value: str) -> str:
    """Give a part of what a model says, likewise; it may begin and end with blanks."""
    return re.sub(f"[{_CONTROL_IN_LINES}]", "", re.sub(f"[{_HALVES}]", "\ufffd", value))


def _visible(value: str, refused: re.Pattern[str]) -> str:
    if refused.search(value):
        raise ValueError("must not contain control characters")
    kept = _DROPPED.sub("", value).strip()
    if not _SEEN.search(kept):
        raise ValueError("must contain something that can be seen")
    return kept
