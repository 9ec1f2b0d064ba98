"""Is the turn over? An opinion from the words: whole sentences are, hanging ones are not.

No trained model yet. The words are those of a recogniser that punctuates what it has heard; a word that cannot end
a sentence counts for more than its full stop, since recognisers put one after everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from streaming.time import Time

from .opinions import TurnEnd
from .words import SpokenWords

OVER, PROBABLY, OPEN, HANGING, UNFINISHED = 0.95, 0.9, 0.6, 0.35, 0.15
"""The probabilities that an opinion may give."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEVER_LAST = _words(
    "a an the and or but because if whether than my your our their every um uh er erm hmm "
    "和 跟 或者 因为 所以 但是 可是 如果 要是 然后 而且 就是 那个 这个 嗯 呃 把 被"
)
"""Words after which something must come, whatever the recogniser puts behind them."""
SELDOM_LAST = _words(
    "to of in on at for with from by about into like i'm it's is are was were will would could should can am do does "
    "did has have had that which who i we they he she so as not just very some any 在 是 的 给 对于 关于 比"
)
"""Words that end some sentences: with a full stop behind them it may be either."""
OPENERS = _words("well so actually sorry please hey listen look now wait okay ok oh")
"""Words that begin a turn and say nothing alone."""
ANSWERS = _words(
    "yes no yeah yep nope sure okay ok right exactly thanks thank you absolutely never maybe hello hi goodbye bye "
    "是 是的 对 对的 好 好的 不 不是 没有 可以 谢谢 你好 再见 当然"
)
"""Words that are whole answers."""
ASKING = _words(
    "what who whose whom which when where why how is are was were am do does did can could will would should may "
    "have has what's who's where's how's when's"
)
"""Words that begin a question."""
ASKING_ZH = re.compile("什么|怎么|谁|哪|几|多少|为什么|吗$|呢$|吧$")
SENTENCE = re.compile(r"(?<=[.?!。？！])\s*")
WORD = re.compile(r"[a-z0-9']+|[一-鿿]+")
ENDS_ZH = sorted((word for word in NEVER_LAST | SELDOM_LAST if not word.isascii()), key=len, reverse=True)


def completeness(text: str) -> float:
    """The probability that a turn that reads `text`, and then pauses, is over, in [0, 1]."""
    text = text.strip()
    sentence = next((part for part in reversed(SENTENCE.split(text)) if WORD.search(part.lower())), "")
    words = WORD.findall(sentence.lower().replace("’", "'"))
    if not words:
        return OPEN
    if text.endswith((",", "，", "、", ":", ";", "-", "–", "—", "…", "...")):
        return UNFINISHED
    last = next((end for end in ENDS_ZH if words[-1].endswith(end)), words[-1])
    punctuated = text[-1] in ".?!。？！"
    if all(word in ANSWERS for word in words):
        return PROBABLY
    if last in NEVER_LAST:
        return UNFINISHED
    if all(word in OPENERS for word in words):
        return HANGING
    asks = next((word for word in words if word not in OPENERS), "") in ASKING
    if last in SELDOM_LAST and not (punctuated and words[0] in ANSWERS):
        return UNFINISHED if not punctuated else OPEN if asks or len(words) <= 3 else HANGING
    if punctuated:
        return OVER
    if (asks and len(words) >= 3) or ASKING_ZH.search(words[-1]):
        return PROBABLY
    return OPEN


@dataclass(slots=True)
class TurnEndEar:
    """One session's opinion of whether its turn is over; given once a pause, and again when it changes."""

    _about: Time | None = None
    """The pause that the last opinion was about."""
    _given: float = -1.0

    def judge(self, words: SpokenWords, at: Time) -> list[TurnEnd]:
        """What `words` say now, if that is news."""
        text = words.settled
        if text is None or words.stopped is None:
            return []
        probability = completeness(text)
        if (words.stopped, probability) == (self._about, self._given):
            return []
        self._about, self._given = words.stopped, probability
        return [TurnEnd(probability, about=words.stopped, at=at)]
