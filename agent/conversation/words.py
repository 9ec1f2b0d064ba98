"""Looking at the user's words, in languages with and without spaces."""

from __future__ import annotations

import re

_WORD = re.compile(r"[\u3400-\u9fff\u3040-\u30ff]|[^\W_\u3400-\u9fff\u3040-\u30ff]+(?:['’-][^\W_]+)*")
_CJK_END = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]$")

# fmt: off
BACKCHANNELS = frozenset((
    "mm", "mhm", "mm-hm", "mm-hmm", "mmhm", "mmhmm", "hm", "hmm", "uh-huh", "uhuh", "uh", "um", "huh", "ah", "oh",
    "aha", "yeah", "yep", "yup", "ok", "okay", "right", "sure", "really", "wow", "cool", "nice", "great", "嗯", "唔",
    "哦", "噢", "喔", "啊", "诶", "欸", "对", "好", "是", "行",
))
# fmt: on


def words(text: str) -> list[str]:
    """The words of `text` in small letters; of Chinese and Japanese, the characters."""
    return [word.lower() for word in _WORD.findall(text)]


def joined(stable: str, tentative: str) -> str:
    """Both parts of the user's words as one text."""
    first, second = stable.strip(), tentative.strip()
    between = "" if not first or not second or _CJK_END.search(first) else " "
    return first + between + second


def is_backchannel(text: str) -> bool:
    """Whether `text` has words, and only such as a listener says while the other goes on ("mm-hm", "right", "嗯")."""
    spoken = words(text)
    return 0 < len(spoken) <= 4 and all(word in BACKCHANNELS for word in spoken)
