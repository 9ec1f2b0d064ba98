"""Memory of the call: what was said, by whom, and how often. It holds what was heard, no more."""

from __future__ import annotations

import re
from collections.abc import Callable

from .said import Said
from .tool import Arguments, Line, Outcome, Scene, Tool, ToolError, sentence

_REPEAT = re.compile(
    r"(?:say|repeat|read)(?: that| it| this| your (?:last )?(?:answer|sentence|words|reply)| the last (?:answer|"
    r"sentence|thing)"
    r"| what you (?:just )?said| yourself)?(?: once more| one more time| again| back| to me| a second time)*|"
    r"(?:what|pardon|pardon me|sorry|come again|huh|excuse me|one more time|once more|again|i beg your pardon|"
    r"what was that|"
    r"what is that)|what did you (?:just )?(?:say|tell me)(?: just now| before| last| to me| a moment ago)*|"
    r"(?:i )?(?:did not|could not|did n't) (?:hear|catch|get|understand)(?: that| you| it| what you said)?(?: "
    r"repeat(?: that| it)?"
    r"| say that| say it)?|what was your (?:last |previous )?(?:answer|reply)|what was the (?:last )?(?:answer|result)|"
    r"what was the last thing you (?:said|told me)|you said what"
)
_I_SAID = re.compile(
    r"what (?:did|was it) i (?:just )?(?:say|tell you|said|mention)(?: just now| last| before| to you| a moment "
    r"ago| earlier)*|"
    r"what was the last thing (?:that )?i (?:said|told you)|what (?:have i|had i) (?:just )?said|what were my "
    r"(?:last )?words|"
    r"repeat what i (?:just )?said|repeat after me what i said|what did you (?:just )?hear(?: me say)?|what was "
    r"i (?:just )?saying"
)
_ASKED = re.compile(
    r"what (?:did i (?:just )?ask|have i (?:just )?asked|was i asking)(?: you)?(?: just now| last| before| "
    r"first| earlier| previously"
    r"| at the (?:beginning|start))*|what was (?:my|the) (?P<which>very first|first|last|previous|earlier) "
    r"question(?: i asked)?"
    r"(?: you)?(?: in this call| today| again)?|(?:what was|tell me) (?:the )?(?P<which2>first|last|previous) "
    r"(?:thing|question)"
    r" i asked(?: you)?(?: about)?|which question did i ask (?P<which3>first|last)|what was my question"
)
_FIRST = re.compile(
    r"what (?:was|is) the (?:very )?first thing (?:that )?i (?:said|told you)(?: to you)?|what did i say "
    r"(?:first|at the (?:start|beginning))"
)
_COUNT = re.compile(
    r"how many (?:questions|things|times) (?:have i|did i|i have|i) (?:asked?|said?)(?: you)?(?: so far| "
    r"already| in this call| today"
    r"| something| until now)*"
)
_TOPICS = re.compile(
    r"(?:what (?:have|did) we (?:been )?(?:talk(?:ed|ing)?|discuss(?:ed)?|spoken|speak|chat(?:ted)?)(?: about)?|"
    r"summari[sz]e (?:our|this|the)"
    r" (?:call|conversation|chat)|what was this (?:call|conversation) about)(?: so far| today| until now| just "
    r"now| before)*"
)
_QUESTION = re.compile(
    r"(?i)(?:.*\?\s*$|(?:what|where|when|who|which|how|why|is|are|can|could|do|does|did|will|would)\b)"
)


def _own(scene: Scene) -> list[str]:
    return [line.text.strip() for line in scene.said if line.by_user and line.text.strip()]


def _questions(scene: Scene) -> list[str]:
    return [text for text in _own(scene) if _QUESTION.match(text)]


def _quoted(text: str) -> str:
    return text.strip().rstrip(".!?")


def _repeat(scene: Scene, words: str) -> str:
    last = next((line for line in reversed(scene.said) if not line.by_user and line.text.strip()), None)
    return sentence(last.text) if isinstance(last, Line) else "I have not said anything yet."


def _said_last(scene: Scene, words: str) -> str:
    own = _own(scene)
    return f"You said: {sentence(_quoted(own[-1]))}" if own else "You have not said anything before."


def _said_first(scene: Scene, words: str) -> str:
    own = _own(scene)
    return f"First you said: {sentence(_quoted(own[0]))}" if own else "You have not said anything before."


def _asked(scene: Scene, words: str) -> str:
    asked = _questions(scene)
    if not asked:
        return "You have not asked me anything yet."
    first = re.search(r"\bfirst|beginning|start\b", words)
    chosen = _quoted(asked[0] if first else asked[-1])
    return f"Your {'first' if first else 'last'} question was: {chosen}?"


def _count(scene: Scene, words: str) -> str:
    number = len(_questions(scene))
    if not number:
        return "You have not asked me anything yet."
    return f"You have asked me {number} question{'' if number == 1 else 's'} so far."


def _topics(scene: Scene, words: str) -> str:
    own = _own(scene)
    if not own:
        return "We have only just begun."
    return " ".join(f"You said: {sentence(_quoted(text))}" for text in own[-3:])


_ANSWERS: tuple[tuple[re.Pattern[str], Callable[[Scene, str], str]], ...] = (
    (_ASKED, _asked),
    (_I_SAID, _said_last),
    (_FIRST, _said_first),
    (_COUNT, _count),
    (_TOPICS, _topics),
    (_REPEAT, _repeat),
)


def _find(said: Said) -> Callable[[Scene, str], str] | None:
    for core in (said.core, said.words):
        for pattern, answer in _ANSWERS:
            if pattern.fullmatch(core):
                return answer
    return None


def _hear(said: Said, scene: Scene) -> Arguments | None:
    return {"question": said.core} if scene.said and _find(said) is not None else None


def _run(arguments: Arguments, scene: Scene) -> Outcome:
    question = str(arguments.get("question") or "")
    answer = _find(Said(question, question, question))
    if answer is None:
        raise ToolError("I do not remember that.")
    return Outcome(answer(scene, question))


REMIND = Tool(
    "what_was_said",
    "Repeats what was said earlier in this call.",
    _run,
    _hear,
    {"question": {"type": "string", "description": "such as: what was my first question"}},
    ("question",),
)
