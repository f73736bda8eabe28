"""What the API's description says of a text is what the code does with it, for each character."""

from collections.abc import Callable

import jsonschema_rs
import pytest

from todo.text import LINE_PATTERN, LINES_PATTERN, TAG_PATTERN, lines, one_line, tag

# Halves of characters are no JSON. Beyond these, programs differ in how a pattern names a
# character, so the description is without those.
EACH = [chr(code) for code in range(0x10000) if not 0xD800 <= code <= 0xDFFF]


@pytest.mark.parametrize(
    ("pattern", "read"),
    [(LINE_PATTERN, one_line), (LINES_PATTERN, lines), (TAG_PATTERN, tag)],
    ids=["a title", "a message", "a tag"],
)
@pytest.mark.parametrize("around", ["", "a"], ids=["alone", "in a word"])
def test_the_description_takes_what_the_code_takes(
    pattern: str, read: Callable[[str], str], around: str
) -> None:
    described = jsonschema_rs.validator_for({"pattern": pattern})
    differing = [
        f"U+{ord(character):04X}"
        for character in EACH
        if described.is_valid(text := f"{around}{character}{around}") != takes(read, text)
    ]
    assert differing == []


def takes(read: Callable[[str], str], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True
