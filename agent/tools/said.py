"""The user's words, made ready for grammars: lower case, digits, no politeness around what is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .numbers import digits

_WRITTEN_OUT = (
    (r"[’`´]", "'"),
    (r"\b(what|where|when|who|how|that|there|here|it|he|she)'s\b", r"\1 is"),
    (r"\bwhats\b", "what is"),
    (r"\b(what|where|who|how|that|they|we|you)'re\b", r"\1 are"),
    (r"\bi'm\b", "i am"),
    (r"\b(i|we|you|they)'ve\b", r"\1 have"),
    (r"\b(i|we|you|they|he|she|it|what|that)'(?:ll)\b", r"\1 will"),
    (r"\b(i|we|you|they|he|she)'d\b", r"\1 would"),
    (r"\blet's\b", "let us"),
    (r"\bcan't\b|\bcannot\b", "can not"),
    (r"\bwon't\b", "will not"),
    (r"\b(do|does|did|is|are|was|has|have|would|could|should)n't\b", r"\1 not"),
    (r"\ba\.\s?m\b\.?", "am"),
    (r"\bp\.\s?m\b\.?", "pm"),
    (r"(?<=\d)(am|pm)\b", r" \1"),
    (r"\bo'clock\b", "oclock"),
    (r"(?<=\d)\s*%", " percent"),
    (r"\bper cent\b", "percent"),
    (r"(?<=[\d\s])×(?=[\d\s])|(?<=\d)\s*[x*]\s*(?=\d)", " times "),
    (r"÷", " divided by "),
    (r"(?<=\d)\s*\+\s*(?=\d)", " plus "),
    (r"(?<=\d)\s+[-−]\s+(?=\d)", " minus "),
    (r"(?<=\d)\s*°", " degrees "),
    (r"\$\s?(\d[\d,.]*\d|\d)", r"\1 dollars"),
    (r"€\s?(\d[\d,.]*\d|\d)|(\d[\d,.]*\d|\d)\s?€", r"\1\2 euros"),
    (r"£\s?(\d[\d,.]*\d|\d)", r"\1 pounds"),
    (r"(?<!\d)[.,!?;:]+|[.,!?;:]+(?!\d)|[\"“”()]", " "),
    (r"(?<=\D)\s-+\s", " "),
)
_OPENERS = re.compile(
    r"(?:hey|hi|hello|ok|okay|so|well|um+|uh+|er+|oh|ah|now|and|but|then|actually|please|colloquy|computer|assistant|"
    r"alright|all right|right|listen|quick(?:ly)?|one more (?:thing|question)|another (?:thing|question)|"
    r"quick question|question|next|also|sorry|excuse me|thanks|thank you|good|great|cool|perfect|first|finally|"
    r"(?:can|could|would|will|might) you(?: please| kindly| maybe| possibly| quickly| just)*"
    r"(?: (?:tell|remind) me(?: again)?(?! (?:to|in|at|about|when|every|tomorrow)\b)| say| help me(?: (?:to|with))?"
    r"(?: work out| figure out| find out)?| let me know(?! (?:when|in|after|at|once|as soon)\b)| explain to me| "
    r"check)?|"
    r"would you mind|do you mind|are you able to|i (?:would like|want|need|wanted|would love|have|am trying)"
    r" (?:you )?to(?: know| find out| ask(?: you)?| learn| figure out| work out| hear| understand| see)?|"
    r"i am (?:curious|wondering|not sure|asking)(?: about)?|"
    r"i (?:wonder|was wondering|forgot|forget|do not know|can not remember|am curious)|(?:do|would) you (?:happen to )?"
    r"know|any idea|any clue|tell me(?: please| again)?(?! (?:to|in|at|when|after|about yourself|a|another)\b)|"
    r"let me know(?! (?:when|in|after|at|once|as soon)\b)|go ahead and|just|maybe|perhaps|kindly|(?:my|the) "
    r"question is|"
    r"what about|how about|out of curiosity|for me|if you can|if you do not mind)(?=\s|$)"
)
_CLOSERS = re.compile(
    r"\s(?:please|thanks|thank you|for me|if you (?:can|could|would|do not mind|please)|do you know|i wonder|"
    r"right now|at the moment|at this moment|at present|currently|now|by now|already|yet|so far|exactly|"
    r"precisely|roughly|approximately|altogether|again|then|would you|could you|can you|will you|colloquy|"
    r"to be exact|right|ok|okay|you know|in total|all together|by the way|anyway)$"
)


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of the user."""

    text: str
    """As it came."""
    words: str
    """Lower case, contractions written out, numbers in digits, without punctuation."""
    core: str
    """`words` without "could you please tell me" and the like around it."""


def heard(text: str) -> Said:
    """What a grammar looks at."""
    plain = f" {text.lower()} "
    for pattern, with_this in _WRITTEN_OUT:
        plain = re.sub(pattern, with_this, plain)
    words = " ".join(digits(" ".join(plain.split())).split())
    core = words
    while (opener := _OPENERS.match(core)) and len(core) > opener.end():
        core = core[opener.end() :].strip()
    while closer := _CLOSERS.search(core):
        core = core[: closer.start()].strip()
    return Said(text, words, core)
