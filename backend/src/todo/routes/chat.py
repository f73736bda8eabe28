"""Talking about todos."""

from fastapi import APIRouter

from todo.chat.tools import Toolbox
from todo.dependencies import ConversationsDep, ServicesDep, TodosDep
from todo.problems import described
from todo.schemas import ChatReply, ChatRequest

router = APIRouter(
    prefix="/api/chat", tags=["chat"], responses=described(401, 404, 422, 502, 503, 504)
)


@router.post("", summary="Say something")
async def chat(
    app: ServicesDep, todos: TodosDep, conversations: ConversationsDep, body: ChatRequest
) -> ChatReply:
    """Answer a message, acting on the user's todos when it asks for that.

    An exchange is kept once it is complete; what tools did before a failure stays done.
    """
    history = await conversations.history(body.conversation_id) if body.conversation_id else []
    tools = Toolbox(todos)
    reply = await app.responder.reply(body.message, history, tools)
    conversation_id = await conversations.record(
        body.conversation_id, message=body.message, reply=reply
    )
    return ChatReply(conversation_id=conversation_id, reply=reply, actions=tools.actions)
