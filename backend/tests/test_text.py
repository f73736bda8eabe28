"""What is kept of a text, and what is refused."""

import pytest

from todo.text import lines, one_line, repaired


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\r\nb\tc", "a\nb\tc"),
        ("a\u202eb", "ab"),
        ("a\rb", "a\nb"),
        # A sign of numbers, seen although Unicode says that it formats.
        ("\u06007", "\u06007"),
        (" a ", "a"),
    ],
)
def test_a_message_keeps_its_lines(given: str, kept: str) -> None:
    assert lines(given) == kept


@pytest.mark.parametrize(
    "given", ["\x00", "a\x1bb", "a\x7f", "a\x85b", "\ud800", "\u200b", "\u00ad"]
)
def test_a_message_that_cannot_be_shown_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="must"):
        lines(given)


@pytest.mark.parametrize("blank", [" ", "\x1c", "\x85", "\u2028", "\u3000", "\n\n"])
def test_blanks_of_every_kind_are_one_space_in_a_title(blank: str) -> None:
    assert one_line(f"a{blank}b") == "a b"


@pytest.mark.parametrize(
    ("said", "kept"), [("a\x00b", "ab"), ("a\ud800b", "a\ufffdb"), ("a\nb", "a\nb"), ("\x07", "")]
)
def test_what_a_model_says_is_never_refused(said: str, kept: str) -> None:
    assert repaired(said) == kept
