"""What goes in and out over HTTP."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)

from todo import text
from todo.models import Priority, Role

type Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(text.one_line),
    Field(json_schema_extra={"pattern": text.LINE_PATTERN}),
]
"""What is to be done: one line of 1 to 200 characters, without what nobody sees."""

MOST_AT_ONCE = 1000
"""Todos that one request deletes or restores: their ids fit into a body."""

TAG_LENGTH = 30
MOST_TAGS = 10

type Tag = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TAG_LENGTH),
    AfterValidator(text.tag),
    Field(json_schema_extra={"pattern": text.TAG_PATTERN}),
]
"""One word, kept in small letters; a # before it is left out."""

type Tags = Annotated[
    list[Tag], Field(max_length=MOST_TAGS), AfterValidator(lambda tags: sorted(set(tags)))
]

type ChatText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000),
    AfterValidator(text.lines),
    Field(json_schema_extra={"pattern": text.LINES_PATTERN}),
]
"""What a user types: 1 to 4000 characters, without blanks around and without what nobody sees."""

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})",
    re.IGNORECASE,
)
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
# The years between, as the API's description says it.
_MOMENT_PATTERN = (
    "^(197[1-9]|19[89][0-9]|2[0-8][0-9]{2}|29[0-8][0-9]|299[0-8])-[0-9]{2}-[0-9]{2}"
    r"[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)


def _written(value: object) -> object:
    # Pydantic would take a number too, and a time of no zone.
    if isinstance(value, str) and not _MOMENT.fullmatch(value):
        raise ValueError("must be a date and time with its offset, as in RFC 3339")
    if not isinstance(value, (str, datetime)):
        raise ValueError("must be text")  # noqa: TRY004 - a TypeError would not be the sender's
    return value


def bounded(value: datetime) -> datetime:
    """Give a moment in UTC; raise ValueError for one that nobody means."""
    if not _FIRST_YEAR < value.year < _LAST_YEAR:
        raise ValueError(f"must be between {_FIRST_YEAR} and {_LAST_YEAR}")
    return value.astimezone(UTC)


type Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written),
    AfterValidator(bounded),
    Field(json_schema_extra={"pattern": _MOMENT_PATTERN}),
]
"""When something is due: RFC 3339, with an offset."""

type TimeZone = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$")
]
"""The name of a time zone, as "Europe/Berlin"; an unknown one counts as none."""

ToolName = Literal[
    "add_todo", "list_todos", "complete_todo", "edit_todo", "delete_todo", "restore_todo"
]


def _whole(value: object) -> object:
    # To JSON Schema 1.0 is an integer, as it is to clients that have one kind of number.
    return int(value) if isinstance(value, float) and value.is_integer() else value


type Version = Annotated[StrictInt, Field(ge=1, le=2**31 - 1), BeforeValidator(_whole)]


class _Request(BaseModel):
    # A misspelt field would otherwise be ignored in silence.
    model_config = ConfigDict(extra="forbid")


class TodoCreate(_Request):
    """A todo to add."""

    title: Title
    due_at: Moment | None = None
    priority: Priority = "normal"
    tags: Tags = []


class TodoUpdate(_Request):
    """What to change; a field that is left out stays, and so does one that is null but `due_at`."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["title"], "properties": {"title": {"type": "string"}}},
                {"required": ["completed"], "properties": {"completed": {"type": "boolean"}}},
                {"required": ["due_at"], "properties": {"due_at": {}}},
                {"required": ["priority"], "properties": {"priority": {"type": "string"}}},
                {"required": ["tags"], "properties": {"tags": {"type": "array"}}},
            ]
        }
    )

    title: Title | None = None
    completed: StrictBool | None = None
    due_at: Moment | None = Field(default=None, description="Null takes it away.")
    priority: Priority | None = None
    tags: Tags | None = Field(default=None, description="All of them; an empty list for none.")
    version: Version | None = Field(
        default=None,
        description="The version that is changed. When the todo is another by now, nothing is "
        "changed, and the 409 says what it is.",
    )

    def changes(self) -> dict[str, object]:
        """Give the columns to set."""
        given = self.model_dump(exclude_unset=True, exclude={"version"})
        return {
            name: value for name, value in given.items() if value is not None or name == "due_at"
        }

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.changes():
            raise ValueError("give a title, completed, due_at, priority or tags")
        return self


class TodoRead(BaseModel):
    """A todo as its owner sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: int = Field(description="What people type in chat; per user, never given twice.")
    title: str
    completed: bool
    due_at: datetime | None
    priority: Priority
    tags: list[str]
    version: int = Field(description="Counts the changes; sent back, it finds one that is stale.")
    created_at: datetime
    updated_at: datetime


class TodoPage(BaseModel):
    """Some of a user's todos, and where the next ones begin."""

    todos: list[TodoRead]
    next_cursor: str | None = Field(description="The `cursor` of the next page; null on the last.")


class TodosCleared(BaseModel):
    """The todos that were deleted together."""

    ids: list[UUID]
    more: bool = Field(description="Whether there may be more to delete; ask again.")


class TodosRestore(_Request):
    """Todos to bring back together, as they were deleted."""

    ids: list[UUID] = Field(min_length=1, max_length=MOST_AT_ONCE)


class TagCount(BaseModel):
    """A tag, and how many todos have it."""

    tag: str
    count: int


class TodoSummary(BaseModel):
    """What there is in a user's list, without the list."""

    open: int
    completed: int
    tags: list[TagCount] = Field(description="Those that most todos have first, 100 at most.")


class ChatRequest(_Request):
    """Something to say, in a conversation or, without one, in a new one."""

    message: ChatText
    conversation_id: UUID | None = None
    time_zone: TimeZone | None = Field(
        default=None, description="Where the user is, for what is due tomorrow; UTC if unknown."
    )


class Action(BaseModel):
    """What a tool did while the answer was made."""

    tool: ToolName
    todo: TodoRead | None = None


class ChatReply(BaseModel):
    """The answer, and what was done for it."""

    conversation_id: UUID
    reply: str
    actions: list[Action]
    stopped: bool = Field(
        default=False, description="Whether it was stopped, and is what there was until then."
    )


class SaidWords(BaseModel):
    """Some more words of an answer while it is made."""

    text: str


class ConversationSummary(BaseModel):
    """A conversation in a list of them."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str = Field(description="How the first message begins, on one line.")
    created_at: datetime
    updated_at: datetime = Field(description="When the latest message came.")


class ConversationPage(BaseModel):
    """Some of a user's conversations, the one that was used last first."""

    conversations: list[ConversationSummary]
    next_cursor: str | None = Field(description="The `cursor` of the next page; null on the last.")


class MessageRead(BaseModel):
    """What one side said."""

    model_config = ConfigDict(from_attributes=True)

    role: Role
    content: str
    created_at: datetime


class ConversationRead(ConversationSummary):
    """A conversation with some of its messages, oldest first."""

    messages: list[MessageRead]
    next_cursor: str | None = Field(
        description="The `cursor` of the messages before these; null where they begin."
    )


class Health(BaseModel):
    """How the process and its database are."""

    status: Literal["ok", "unavailable"]
    version: str
    database: Literal["ok", "unreachable"]


class FieldProblem(BaseModel):
    """One thing that is wrong with a request."""

    field: str
    message: str


class Problem(BaseModel):
    """Why a request failed, in the form of RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = Field(
        default=None, description="The wrong fields, when the request is not valid."
    )
    actions: list[Action] | None = Field(
        default=None, description="What a chat did before it failed, and what stays done."
    )
    todo: TodoRead | None = Field(
        default=None, description="What the todo is by now, when a change of it was stale."
    )
    retry_after: int | None = Field(
        default=None,
        description="Seconds after which to try again, as `Retry-After` says where it can.",
    )
