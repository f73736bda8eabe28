"""What was said in a turn, as a server that keeps nothing can be given it again."""

from typing import Any, cast

from agents.items import TResponseInputItem
from agents.run import CallModelData, ModelInputData


def self_contained(data: CallModelData[Any]) -> ModelInputData:
    """Leave out what only names what the server would have had to keep.

    That is what a model thought, where it comes as an id alone: OpenAI's Responses API answers 404
    (openai-agents-python#2265). A call of a tool that followed on it is told without its own id
    then, which stands for the pair of them.
    """
    given = data.model_data
    kept = [item for item in given.input if not _is_a_name(item)]
    if len(kept) < len(given.input):
        kept = [_without_id(item) for item in kept]
    return ModelInputData(input=kept, instructions=given.instructions)


def _is_a_name(item: TResponseInputItem) -> bool:
    thought = item.get("type") == "reasoning"
    return thought and not any(
        item.get(part) for part in ("encrypted_content", "content", "summary")
    )


def _without_id(item: TResponseInputItem) -> TResponseInputItem:
    return cast("TResponseInputItem", {name: part for name, part in item.items() if name != "id"})
