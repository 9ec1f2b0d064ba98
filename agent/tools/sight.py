"""What the eyes saw: text, codes, colours and light; and an honest word about everything else."""

from __future__ import annotations

import re

from .said import Said
from .tool import Arguments, Outcome, Scene, Seen, Tool, ToolError, listed, sentence

_IT = (
    r"(?:this|that|it|these|those|here|there|the (?:sign|page|text|paper|label|screen|picture|note|card|letter|poster|"
    r"board|words?|book|sheet|box|bottle|packet|sticker|writing|display|ticket|menu|image|thing))"
)
_READ = re.compile(
    rf"(?:(?:can|could) you )?(?:read|read out|read aloud|read off)(?: me| us| out| to me| aloud| loud| out "
    rf"loud)*(?: {_IT}| what (?:is )?(?:{_IT} "
    rf"says?|(?:is )?(?:written|printed|on it|here|there|it says)(?: (?:on|in) {_IT}| here| there)?)| what "
    rf"(?:is|i am) (?:holding|showing)(?: up| you)*)?"
    rf"(?: (?:out )?(?:loud|aloud|to me|for me|out))*|what does {_IT}(?: \w+)? (?:say|read|spell|mean to "
    rf"say)(?: here| there)?|what (?:is|do you see|"
    rf"stands?|does it say) ?(?:written|printed|standing|on|in|here|there)+(?: on| in)?(?: {_IT}| here| there)?|"
    rf"what (?:text|words?|writing) (?:do|can|is|are|does)"
    rf"(?: you| there| it)*(?: see| read| have| show)?(?: here| there| on {_IT}| written)?|what {_IT} says|what "
    rf"is (?:the|this) (?:text|word|writing|sign)"
    r"(?: say)?|which word is (?:this|that)|spell (?:this|that|it) out"
)
_CODE = re.compile(
    r"(?:scan|read|decode|check|what is (?:in|behind|on)|what does|where does)(?: me)? (?:this|that|the|my)? "
    r"?(?:q ?r|qr|bar|cue are|queue are)[ -]?code"
    r"(?: (?:say|contain|mean|lead(?: to)?|go(?: to)?))?|what is (?:the|this|that) (?:q ?r|bar)[ -]?code(?: say| for)?"
)
_COLOUR = re.compile(
    rf"(?:what|which) colou?rs? (?:is|are|does|do|has|have|can you see|do you see)(?: {_IT}| my [a-z]+| you see|"
    rf" it have| the [a-z]+)*(?: here| now)?|"
    rf"(?:what is|tell me|name) the colou?rs? (?:of )?(?:{_IT}|my [a-z]+|the [a-z]+)?(?: here)?|is (?:this|that|"
    rf"it) (?P<asked>[a-z]+) or [a-z]+ in colou?r"
)
_LIGHT = re.compile(
    r"(?:is it|is the (?:room|light|picture)|how (?:bright|dark) is(?: it| the room| the picture)?)(?: too)?(?: "
    r"bright| dark| light)?(?: in here| here| enough)?"
    r"(?: or (?:dark|bright|light))?(?: in here| here)?"
)
_ANY = re.compile(
    rf"(?:what|who) (?:do|can) you (?:see|spot|notice|make out)(?: now| here| there| in (?:the|this) (?:picture|"
    rf"camera|image)| on the (?:camera|picture)| right now)*|"
    rf"what (?:is|are) {_IT}(?: (?:in (?:front of|my hand)|i am (?:holding|showing)|here)(?: you)?)?|what (?:am "
    rf"i|i am) (?:holding|showing|wearing|doing|pointing at)"
    rf"(?: up| you| now| in my hand| to you| here)*|(?:describe|look at) (?:what you see|{_IT}|the (?:room|"
    rf"scene|picture)|me)|who (?:is|am i|are) (?:this|that|he|she|there)?"
    rf"|how do i look|what do i look like|how many (?:fingers|people|persons|things|hands) (?:am i|are|do you|"
    rf"can you)[a-z ]*|do you (?:see|recogni[sz]e) (?:me|this|that|"
    rf"[a-z ]+)|can you see [a-z ]+|do you like (?:my|this) [a-z]+"
)
_BLIND = "I can't see anything: this model has no eyes."
_OFF = "I can't see anything: the camera is off."
_ONLY = "I can only read text and codes and tell colours and light; I can't recognise anything else."


def asks(said: Said) -> str | None:
    """Whether the words ask for the eyes, and what for: text, code, colour, light or anything."""
    for what, pattern in (("code", _CODE), ("text", _READ), ("colour", _COLOUR), ("light", _LIGHT), ("anything", _ANY)):
        if pattern.fullmatch(said.core):
            return what
    return None


def _says(what: str, seen: Seen) -> str:
    code = f"The code says: {seen.codes[0]}" if seen.codes else ""
    match what:
        case "text":
            if seen.text:
                return f"It says: {seen.text}"
            return code or "I can't read any text there."
        case "code":
            return code or "I can't find a code there."
        case "colour":
            return f"I see {listed(list(seen.colours[:2]))}" if seen.colours else "I can't tell the colour."
        case "light":
            return f"It looks {seen.brightness} here." if seen.brightness else "I can't tell."
    found = [f"text that says: {seen.text}" if seen.text else "", "a code" if seen.codes else ""]
    shown = [part for part in found if part]
    if shown:
        return f"I see {listed(shown)}"
    if what == "anything" and seen.colours:
        return f"{_ONLY} There is {listed(list(seen.colours[:2]))}."
    return _ONLY


def _run(arguments: Arguments, scene: Scene) -> Outcome:
    what = str(arguments.get("what") or "anything")
    if scene.seen is None:
        raise ToolError(_BLIND)
    if not scene.seen.camera:
        raise ToolError(_OFF)
    return Outcome(sentence(_says(what, scene.seen)))


def _hear(said: Said, scene: Scene) -> Arguments | None:
    what = asks(said)
    if what is None or (
        what == "anything" and scene.seen is None and not re.search(r"\b(?:see|holding|look)\b", said.core)
    ):
        return None
    return {"what": what}


LOOK = Tool(
    "look",
    "Reads text or a code that is held up to the camera, or names its colours or the light.",
    _run,
    _hear,
    {"what": {"type": "string", "enum": ["text", "code", "colour", "light", "anything"]}},
    ("what",),
)
