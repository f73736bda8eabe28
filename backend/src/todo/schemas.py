"""What goes in and out over HTTP."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    model_validator,
)

from todo import text
from todo.models import Role

type Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(text.one_line),
    Field(json_schema_extra={"pattern": text.LINE_PATTERN}),
]
"""What is to be done: one line of 1 to 200 characters, without what nobody sees."""

type ChatText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    AfterValidator(text.lines),
    Field(json_schema_extra={"pattern": text.LINES_PATTERN}),
]
"""What a user types: 1 to 2000 characters, without blanks around and without what nobody sees."""

ToolName = Literal["add_todo", "list_todos", "complete_todo", "delete_todo"]


class _Request(BaseModel):
    # A misspelt field would otherwise be ignored in silence.
    model_config = ConfigDict(extra="forbid")


class TodoCreate(_Request):
    """A todo to add."""

    title: Title


class TodoUpdate(_Request):
    """What to change; a field that is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["title"], "properties": {"title": {"type": "string"}}},
                {"required": ["completed"], "properties": {"completed": {"type": "boolean"}}},
            ]
        }
    )

    title: Title | None = None
    completed: StrictBool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.title is None and self.completed is None:
            raise ValueError("give a title, completed, or both")
        return self


class TodoRead(BaseModel):
    """A todo as its owner sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: int = Field(description="What people type in chat; per user, never given twice.")
    title: str
    completed: bool
    created_at: datetime
    updated_at: datetime


class TodoPage(BaseModel):
    """Some of a user's todos by number, and where the next ones begin."""

    todos: list[TodoRead]
    next_cursor: str | None = Field(description="The `cursor` of the next page; null on the last.")


class ChatRequest(_Request):
    """Something to say, in a conversation or, without one, in a new one."""

    message: ChatText
    conversation_id: UUID | None = None


class Action(BaseModel):
    """What a tool did while the answer was made."""

    tool: ToolName
    todo: TodoRead | None = None


class ChatReply(BaseModel):
    """The answer, and what was done for it."""

    conversation_id: UUID
    reply: str
    actions: list[Action]


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
