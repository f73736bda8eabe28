"""What the command parser understands, and what it leaves alone."""

import pytest

from todo.chat.commands import (
    Add,
    Command,
    Complete,
    Delete,
    Due,
    Help,
    List,
    Prioritize,
    Rename,
    Restore,
    parse,
)


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ("add buy milk", Add("buy milk")),
        ("  Add: buy milk  ", Add("buy milk")),
        ("add to buy milk", Add("buy milk")),
        ("add toast", Add("toast")),
        ("add two\nlines", Add("two\nlines")),
        ("remember the milk", Add("the milk")),
        ("add list", Add("list")),
        ("add complete 1", Add("complete 1")),
        ("add", Help()),
        ("address book", Help()),
        ("list", List()),
        ("LIST", List()),
        ("list all my todos", List()),
        ("show me the list", List()),
        ("show my tasks!", List()),
        ("list open", List(completed=False)),
        ("show pending todos", List(completed=False)),
        ("list done", List(completed=True)),
        ("list the completed tasks.", List(completed=True)),
        ("complete 1", Complete(1)),
        ("done 12", Complete(12)),
        ("finish todo #3.", Complete(3)),
        ("complete 0", Complete(0)),
        ("complete 999999999", Complete(999_999_999)),
        ("complete 9999999999", Help()),
        ("complete \N{ARABIC-INDIC DIGIT ONE}", Help()),
        ("complete -1", Help()),
        ("complete 1 2", Help()),
        ("complete milk", Help()),
        ("delete 1", Delete(1)),
        ("Remove task 4", Delete(4)),
        ("delete everything", Help()),
        ("restore 4", Restore(4)),
        ("undelete todo #4.", Restore(4)),
        ("rename 1 to buy oats", Rename(1, "buy oats")),
        ("rename 1 buy oats", Help()),
        ("due 1 tomorrow at 5pm.", Due(1, "tomorrow at 5pm")),
        ("due 1", Help()),
        ("Priority 1 High", Prioritize(1, "high")),
        ("priority 1 urgent", Help()),
        ("help", Help()),
        ("what can you do?", Help()),
        ("'; DROP TABLE todo; --", Help()),
    ],
)
def test_parse(message: str, command: Command) -> None:
    assert parse(message) == command
