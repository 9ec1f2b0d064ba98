"""Notes: what the user wants remembered, found again by the words of a question.

A question is answered from a note only if every word of it that carries meaning is in the note; else nothing is
certain, and somebody else may answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .person import turned
from .said import Said
from .tool import Arguments, Outcome, Scene, Tool, ToolError, listed, sentence

_KEEP = re.compile(
    r"^(?:(?:please |can you |could you |would you |will you |(?:i (?:want|need|would like)|i'd (?:like|want)) "
    r"you to |hey |okay |ok |"
    r"so |just |"
    r"colloquy |and |also |now |do |for later )*)"
    r"(?:(?:remember|memori[sz]e|note(?: down)?|write down|jot down|keep in mind|take note|make sure you "
    r"remember|save|record|"
    r"store|do not forget|don't forget|never forget|don’t forget|put down|log)(?: for me| please| the fact| a "
    r"note| this| it| something| the following)*"
    r"(?: that|:| of the fact that)?|(?:make|take|save|add|create|write|leave|keep)(?: me| down)? (?:a |another "
    r"|me a )?"
    r"(?:note|memo|mental note)(?: for me| please| saying| to self| to myself)?(?: that| of| about|:| which "
    r"says| saying)*|"
    r"(?:a )?note(?: to self| to myself)?(?: that|:)|for the record|i (?:want|need) you to (?:remember|know)(?: that)?)"
    r"[,:]? (?P<fact>.+)$",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"(?:add|put|write|place|stick) (?P<what>.+?) (?:to|on|onto|in|into|down on) (?:the |my |our "
    r")?(?P<list>[a-z]+(?: do)?) list"
)
_TAKEN_OFF = re.compile(
    r"(?:remove|take|delete|cross|strike|erase|drop) (?P<what>.+?)(?: off| out)? (?:from|of|off|on)? ?(?:the |"
    r"my |our )?"
    r"(?P<list>[a-z]+(?: do)?) list"
)
_ON_LIST = re.compile(
    r"(?:what (?:is|are|do i have|have i got|did i put|things are)(?: there| all)?|read(?: me| out)?|show(?: "
    r"me)?|tell me|give me|list|"
    r"what does|is there anything)(?: on| in| what is on| everything on| the things on| the items on)? "
    r"(?:the |my |our )?(?P<list>[a-z]+(?: do)?) list(?: say| have on it| right now| now| so far)?"
)
_TO_BUY = re.compile(
    r"what (?:do|should|must|did) (?:i|we) (?:still )?(?:have to|need to|need|want to|must)? ?(?:buy|get|pick "
    r"up|shop for)"
    r"(?: (?:at|from) the \w+)?"
)
_CLEAR_LIST = re.compile(
    r"(?:clear|empty|delete|erase|wipe|reset)(?: everything (?:on|from))?(?: all of)? (?:the |my |our "
    r")?(?P<list>[a-z]+(?: do)?) list"
)
_WHAT_NOTES = re.compile(
    r"(?:what|which|read|list|show|tell|give|repeat|go over)(?: me| back| out| all)*(?: are| is| did| do| have| "
    r"things)*(?: i| you)*"
    r"(?: ask(?:ed)?| told?| tell| have| want(?:ed)? you to| make| save[d]?| take[n]?| write| written| "
    r"noted?)*(?: you)?(?: all)?(?: of)?"
    r"(?: (?:the |my |any |our )?(?:notes?|memos?|reminders? i noted)(?: i (?:made|took|saved|have)| do i have| "
    r"have i (?:made|saved|got)"
    r"| so far| are there| you have| do you have| you took)?| to (?:remember|note|keep in mind)(?: for me| so "
    r"far)?| down| remember(?:ed)?"
    r"(?: for me| so far)?)"
)
_FORGET = re.compile(
    r"(?:forget|delete|remove|erase|clear|wipe|throw away|discard)(?: about)? (?P<what>(?:all|everything|"
    r"every)(?: of)?(?: my| the| your)? ?"
    r"(?:notes?|memos?|that|i told you|you (?:know|remember)(?: about me)?|i asked you to remember)?|(?:my|the) "
    r"(?:last )?notes?|"
    r"(?:that |the note (?:about|that|on) |my note (?:about|that|on) |about |what i (?:said|told you) about |"
    r"where |what |when )?.+)"
)
_QUESTION = re.compile(
    r"^(?:(?:where|when|what|who|which|how|whose|why|at what time|in which|on which|on what|do you remember|did "
    r"i (?:tell|mention)|is|are|"
    r"was|were|does|do|did|have|has|am)\b.*)$"
)
_KIND = re.compile(r"^(?:in |on |at |from |to )?(?:which|what) [a-z]+ (?=(?:do|did|am|are|was|were|have|had)\b)")
""" "Which city do I live in": what kind of thing the answer is need not be in it."""
_ASKING = re.compile(
    r"^(?:do|did|can|could|would) you (?:still )?(?:remember|know|recall)(?: (?:what|where|when|who|which|how|that))*|"
    r"^(?:what|where|when|who) did i (?:say|tell you)(?: about)?|^remind me(?: again)?(?: (?:where|what|when|"
    r"who|of|about))?|"
    r"^what do you (?:know|remember) about|^what about|^did i (?:tell|mention)(?: to)?(?: you)?|^(?:and "
    r")?(?:please )?tell me"
)
_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "my",
        "your",
        "our",
        "his",
        "her",
        "their",
        "its",
        "i",
        "you",
        "we",
        "me",
        "us",
        "it",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "am",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "to",
        "of",
        "in",
        "on",
        "at",
        "for",
        "with",
        "by",
        "from",
        "and",
        "or",
        "that",
        "this",
        "these",
        "those",
        "there",
        "here",
        "what",
        "where",
        "when",
        "who",
        "which",
        "how",
        "whose",
        "why",
        "did",
        "can",
        "could",
        "should",
        "would",
        "will",
        "about",
        "again",
        "now",
        "please",
        "remember",
        "recall",
        "know",
        "tell",
        "told",
        "say",
        "said",
        "put",
        "left",
        "leave",
        "keep",
        "kept",
        "go",
        "going",
        "get",
        "got",
        "find",
        "call",
        "called",
        "named",
        "exactly",
        "currently",
        "old",
        "many",
        "much",
        "long",
        "soon",
        "time",
        "day",
        "date",
        "kind",
        "sort",
        "actually",
        "ever",
        "still",
        "s",
        "just",
        "really",
        "supposed",
        "need",
        "want",
        "so",
        "then",
        "not",
        "no",
        "into",
        "onto",
        "place",
        "placed",
        "hide",
        "hid",
        "stored",
        "store",
        "set",
        "happen",
        "happening",
    ]
)
_VERBS = frozenset(
    [
        "park",
        "parked",
        "live",
        "lives",
        "work",
        "works",
        "like",
        "love",
        "prefer",
        "eat",
        "ate",
        "study",
        "drive",
        "buy",
        "bought",
        "meet",
        "met",
        "speak",
        "born",
        "from",
    ]
)
"""Left out where a question has more to go by: "where did I park" needs its verb."""
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("es", ""), ("s", ""), ("ying", "y"), ("ing", ""), ("ed", ""), ("e", ""))
_ASKS_FOR = {
    "where": re.compile(r"\b(?:in|on|at|under|behind|next|near|by|inside|beside|above|below|upstairs|downstairs|"
                        r"outside|between|"
                        r"over|from|home|here|there|floor|room|street|park|live|around|across|opposite)\b"),
    "when": re.compile(r"\b(?:at|on|in|next|tomorrow|today|tonight|noon|midnight|morning|evening|afternoon|\d+|"
                       r"monday|tuesday|"
                       r"wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|"
                       r"august|september|"
                       r"october|november|december|week|month|year|after|before|until|oclock|o'clock|am|pm|"
                       r"\w+teenth|first|one|two|"
                       r"three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|quarter)\b"),
}  # fmt: skip
_STATES = re.compile(
    r"\b(?:is|are|was|were|am|i'm|has|have|had|will|can|must|should|needs?|likes?|loves?|hates?|wants?|lives?|"
    r"works?|starts?|begins?|"
    r"opens?|closes?|leaves?|arrives?|comes?|goes|costs?|put|left|parked|owes?|lent|gave|borrowed|prefers?|"
    r"takes?|drives?|it's|"
    r"doesn't|don't|isn't|\w+ed)\b",
    re.IGNORECASE,
)
_LIST_NOTE = re.compile(r"^on the (\w+(?: do)?) list: (.+)$")


def _stem(word: str) -> str:
    word = word.removesuffix("'s").removesuffix("’s")
    word = re.sub(r"(?<=[a-z]{2})our", "or", word)  # colour, favourite
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2 and not word.endswith("ss"):
            return word[: len(word) - len(ending)] + instead
    return word


def meaning(text: str) -> frozenset[str]:
    """The words of `text` that carry meaning, without their endings."""
    words = [word for word in re.findall(r"[a-zà-ÿ0-9]+(?:['’][a-z]+)?", text.lower()) if word not in _STOP]
    return frozenset(map(_stem, words))


def best(question: str, facts: Sequence[str]) -> str | None:
    """The fact that answers `question`: the latest with all of the question's words. None if there is none."""
    asked = meaning(_KIND.sub("", _ASKING.sub("", question)))
    if not asked and "how old" in question:
        asked = frozenset({_stem("years")})
    asked = asked - set(map(_stem, _VERBS)) or asked
    if not asked:
        return None
    kind = next((name for name in _ASKS_FOR if re.search(rf"\b{name}\b", question)), None)
    for fact in reversed(facts):
        found = meaning(fact)
        if asked <= found and (kind is None or _ASKS_FOR[kind].search(fact.lower())):
            return fact
    return None


def _fact(text: str) -> str:
    fact = text.strip().rstrip(".!?").strip()
    return re.sub(r"\s+(?:please|thanks|thank you|for me)$", "", fact, flags=re.IGNORECASE)


def _hear_keep(said: Said, scene: Scene) -> Arguments | None:
    listed_as = _LISTED.fullmatch(said.core)
    if listed_as:
        return {"text": f"on the {listed_as['list']} list: {listed_as['what']}"}
    text = " ".join(said.text.replace("’", "'").split())
    found = _KEEP.match(text)
    if not found:
        return None
    fact = _fact(found["fact"])
    if re.match(r"(?:to|me|what|where|when|who|how|the (?:time|day|first))\b", fact, re.IGNORECASE):
        fact = re.sub(r"^to\b", "I have to", fact, flags=re.IGNORECASE) if fact.lower().startswith("to ") else ""
    if len(fact.split()) < 2 or (text.rstrip().endswith("?") and re.match(r"(?i)(?:do|did) you remember", text)):
        return None
    return {"text": fact}


def _keep(arguments: Arguments, scene: Scene) -> Outcome:
    fact = _fact(str(arguments.get("text") or ""))
    if not fact:
        raise ToolError("There is nothing to remember.")
    if on_list := _LIST_NOTE.match(fact):
        says = f"I put {on_list.group(2)} on your {on_list.group(1)} list."
        return Outcome(says, lambda: scene.notes.add(fact))
    said = turned(fact)
    if not _STATES.search(fact):
        return Outcome(sentence(f"I will remember this: {said}"), lambda: scene.notes.add(fact))
    said = (
        said[0].lower() + said[1:]
        if re.match(r"(?:Your|You|The|A|An|It|There|We|This|That|He|She|They)\b", said)
        else said
    )
    return Outcome(sentence(f"I will remember that {said}"), lambda: scene.notes.add(fact))


def _items(scene: Scene, name: str) -> dict[str, str]:
    """Item -> note, of one list."""
    found = (_LIST_NOTE.match(note) for note in scene.notes.all())
    return {match.group(2): match.group() for match in found if match and match.group(1) == name}


def _hear_recall(said: Said, scene: Scene) -> Arguments | None:
    if _TO_BUY.fullmatch(said.core) and _items(scene, "shopping"):
        return {"question": "what is on my shopping list"}
    if _ON_LIST.fullmatch(said.core) or (_WHAT_NOTES.fullmatch(said.core) and scene.notes is not None):
        return {"question": said.core}
    if _QUESTION.match(said.core) or _ASKING.match(said.core):
        return {"question": said.core} if best(said.core, _facts(said.core, scene)) is not None else None
    return None


def _recall(arguments: Arguments, scene: Scene) -> Outcome:
    question = str(arguments.get("question") or "")
    if on_list := _ON_LIST.fullmatch(question):
        items = list(_items(scene, on_list["list"]))
        if not items:
            return Outcome(f"There is nothing on your {on_list['list']} list.")
        return Outcome(sentence(f"On your {on_list['list']} list: {listed(items)}"))
    if _WHAT_NOTES.fullmatch(question):
        notes = scene.notes.all()
        if not notes:
            return Outcome("I have no notes.")
        return Outcome(" ".join(sentence(turned(note)) for note in notes[-8:]))
    fact = best(question, _facts(question, scene))
    if fact is None:
        raise ToolError("I have no note about that.")
    return Outcome(sentence(turned(fact)))


_OF_MINE = re.compile(r"\b(?:my|mine|our|i|we|me|us|the)\b")


def _facts(question: str, scene: Scene) -> list[str]:
    """What may answer `question`: notes, and of what was said in passing what is asked for as one's own."""
    return [*(stated(scene) if _OF_MINE.search(question) else ()), *scene.notes.all()]


def stated(scene: Scene) -> list[str]:
    """What the user stated in this call, sentence by sentence: no questions, no orders."""
    found: list[str] = []
    for line in scene.said:
        if not line.by_user:
            continue
        for part in re.split(
            r"(?<=[.!?])\s+|,? (?:but|so) (?=can|could|what|where)|,? and (?=(?:i|my|we|our)\b)",
            line.text,
            flags=re.IGNORECASE,
        ):
            part = re.sub(
                r"^(?:hi|hello|hey|so|well|and|okay|ok|by the way|you know|oh),? ", "", part, flags=re.IGNORECASE
            )
            kept = _KEEP.match(part)
            plain = part.lower().rstrip(".! ")
            if part.endswith("?") or kept or _QUESTION.match(plain) or len(part.split()) < 3:
                continue
            if re.search(r"\b(?:my|our|i|i'm|i've|we|the|mine)\b", plain) and re.search(
                r"\b(?:is|are|was|were|am|i'm|have|has|had|live|lives|like|likes|love|hate|work|works|starts|"
                r"begins|put|left|parked|learning|going|coming|leaving|moving|allergic|"
                r"bought|named|called|prefer|came|went|moved|grew|born|play|plays|study|drive|leave|leaves|met|"
                r"ate|need|want|speak)\b",
                plain,
            ):
                found.append(part.rstrip(".! "))
    return found


def _hear_forget(said: Said, scene: Scene) -> Arguments | None:
    if (off := _TAKEN_OFF.fullmatch(said.core)) and off["what"] in _items(scene, off["list"]):
        return {"about": _items(scene, off["list"])[off["what"]]}
    if (cleared := _CLEAR_LIST.fullmatch(said.core)) is not None:
        return {"about": f"list {cleared['list']}"}
    found = _FORGET.fullmatch(said.core)
    if not found or re.search(r"\b(?:timer|alarm|reminder)", said.core):
        return None
    if re.match(r"(?:all|everything|every)\b|my notes|the notes", found["what"]):
        return {"about": "everything"}
    return {"about": found["what"]} if _matching(found["what"], scene) else None


def _matching(about: str, scene: Scene) -> list[str]:
    if about == "everything":
        return list(scene.notes.all())
    if about.startswith("list "):
        return list(_items(scene, about.removeprefix("list ")).values())
    if about in scene.notes.all():
        return [about]
    asked = meaning(re.sub(r"\bnotes?\b", "", about))
    return [note for note in scene.notes.all() if asked and asked <= meaning(note)]


def _forget(arguments: Arguments, scene: Scene) -> Outcome:
    about = str(arguments.get("about") or "")
    gone = _matching(about, scene)
    if not gone:
        return Outcome("There was nothing to forget.")
    says = "That is forgotten." if len(gone) == 1 else f"All {len(gone)} notes are deleted."
    return Outcome(says, lambda: scene.notes.remove(gone))


REMEMBER = Tool(
    "remember", "Keeps a note.", _keep, _hear_keep, {"text": {"type": "string", "description": "the note"}}, ("text",)
)
RECALL = Tool(
    "recall",
    "Finds what the user wanted remembered, or said about themselves.",
    _recall,
    _hear_recall,
    {"question": {"type": "string"}},
    ("question",),
)
FORGET = Tool("forget", "Deletes notes.", _forget, _hear_forget, {"about": {"type": "string"}}, ("about",))
