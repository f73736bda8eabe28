"""The agent that answers when there is a model. Imported only then: the SDK is slow to load."""

import asyncio

from agents import Agent, Model, RunConfig, RunContextWrapper, Runner, function_tool
from agents.exceptions import AgentsException
from agents.models.openai_responses import OpenAIResponsesModel
from openai import AsyncOpenAI, OpenAIError

from todo.chat import AssistantUnavailableError
from todo.tools import Toolbox

TURN_SECONDS = 60
MAX_TURNS = 8

INSTRUCTIONS = """\
You keep one person's todo list. Use the tools for everything that reads or changes it, and say
briefly what you did. Todos are known by their numbers; list them when you need one. Refuse
anything that is not about the list.
"""

Context = RunContextWrapper[Toolbox]


@function_tool
async def add_todo(context: Context, title: str) -> str:
    """Add a todo.

    Args:
        context: The run's.
        title: What is to be done, 1 to 200 characters.

    """
    return await context.context.add_todo(title)


@function_tool
async def list_todos(context: Context) -> str:
    """List all todos with their numbers; done ones have an x."""
    return await context.context.list_todos()


@function_tool
async def complete_todo(context: Context, number: int) -> str:
    """Mark a todo as done.

    Args:
        context: The run's.
        number: The todo's number in the list.

    """
    return await context.context.complete_todo(number)


@function_tool
async def delete_todo(context: Context, number: int) -> str:
    """Delete a todo.

    Args:
        context: The run's.
        number: The todo's number in the list.

    """
    return await context.context.delete_todo(number)


def openai_model(name: str, api_key: str) -> Model:
    """Gives OpenAI's model of that name."""
    return OpenAIResponsesModel(model=name, openai_client=AsyncOpenAI(api_key=api_key))


async def answer(model: Model, history: list[tuple[str, str]], message: str, tools: Toolbox) -> str:
    """Lets the model answer a message, with what was said before as (role, content).

    Raises:
        AssistantUnavailableError: when it fails or takes longer than [TURN_SECONDS].

    """
    agent = Agent[Toolbox](
        name="Todo assistant",
        instructions=INSTRUCTIONS,
        model=model,
        tools=[add_todo, list_todos, complete_todo, delete_todo],
    )
    said = [{"role": role, "content": content} for role, content in history]
    try:
        async with asyncio.timeout(TURN_SECONDS):
            result = await Runner.run(
                agent,
                [*said, {"role": "user", "content": message}],  # type: ignore[list-item]
                context=tools,
                max_turns=MAX_TURNS,
                # Traces would go to OpenAI's servers with everything that was said.
                run_config=RunConfig(tracing_disabled=True),
            )
    except (AgentsException, OpenAIError, TimeoutError) as error:
        raise AssistantUnavailableError(type(error).__name__) from error
    return str(result.final_output)
