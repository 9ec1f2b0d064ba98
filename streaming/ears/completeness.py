"""Whether what was said is whole: a small network over words, and what every recogniser gets wrong.

Recognisers put a full stop after everything, so full stops say little; which words were said says most. English goes
through the network (`training/ears/train_words.py`, card: `weights/words.md`); a few words that never end anything,
short answers, and Chinese are known by name.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

WEIGHTS = Path(__file__).parent / "weights"
LENIENT = 2.0
"""Added to the network's log odds: of all places at which a sentence may end, people pause at the end most of all."""
BUCKETS = 64
"""Words that the network does not know are told apart by their last three letters."""
ANSWERED, OPEN, HANGING, UNFINISHED = 0.9, 0.6, 0.35, 0.12
"""The probabilities that are given without the network."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEVER_LAST = _words(
    "a an the and or but because if whether than my your our their every um uh er erm hmm "
    "和 跟 或者 因为 所以 但是 可是 如果 要是 然后 而且 就是 那个 这个 嗯 呃 把 被"
)
"""Words after which something must come, whatever the recogniser puts behind them."""
SELDOM_LAST = _words(
    "to of in on at for with from by about into like i'm it's is are was were will would could should can am do does "
    "did has have had that which who i we they he she so as not just very some any"
)
"""Words that end few sentences: of very short ones that do not end with these, a full stop is believed."""
ASKING = _words(
    "what who whose whom which when where why how is are was were am do does did can could will would should may "
    "have has what's who's where's how's when's"
)
"""Words that begin a question: where one begins so and the recogniser hears it rise at its end, it is believed."""
SHORT, SHORTLY = 3, 0.75
"""Words of a very short sentence, and the probability that it then has at least."""
SELDOM_LAST_ZH = _words("在 的 给 对于 关于 比 知道 觉得 应该 考虑 告诉我 帮我 提醒我 我们 你 我 想")
OPENERS = _words("well so actually sorry please hey listen look now wait okay ok oh")
"""Words that begin a turn and say nothing alone."""
ANSWERS = _words(
    "yes no yeah yep nope sure okay ok right exactly thanks thank you absolutely never maybe hello hi goodbye bye "
    "是 是的 对 对的 好 好的 不 不是 没有 可以 谢谢 你好 再见 当然"
)
"""Words that are whole answers."""
ASKING_ZH = re.compile("什么|怎么|谁|哪|几|多少|为什么|吗$|呢$|吧$")
SENTENCE = re.compile(r"(?<=[.?!。？！])\s*")
WORD = re.compile(r"[a-z0-9']+|[一-鿿]+")
ENDS_ZH = sorted((word for word in NEVER_LAST | SELDOM_LAST_ZH if not word.isascii()), key=len, reverse=True)


def words_of(text: str) -> list[str]:
    """The words of a sentence, in small letters."""
    return WORD.findall(text.lower().replace("’", "'"))


def number_of(word: str, vocabulary: Mapping[str, int]) -> int:
    """What the network calls `word`: 1 to `BUCKETS` if it does not know it."""
    return vocabulary.get(word) or 1 + zlib.crc32(word[-3:].encode()) % BUCKETS


def _asks(words: Sequence[str]) -> bool:
    return next((word for word in words if word not in OPENERS), "") in ASKING


class Completeness:
    """The weights, shared by every session; there is no state."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(str(folder / "words.onnx"), options, providers=providers)
        listed = (folder / "words.txt").read_text("utf-8").split()
        self._vocabulary = {word: number for number, word in enumerate(listed, start=1 + BUCKETS)}

    def of(self, text: str) -> float:
        """The probability that a turn that reads `text`, and then pauses, is over, in [0, 1]."""
        text = text.strip()
        sentence = next((part for part in reversed(SENTENCE.split(text)) if words_of(part)), "")
        words = words_of(sentence)
        if not words:
            return OPEN
        if text.endswith((",", "，", "、", ":", ";", "-", "–", "—", "…", "...")):
            return UNFINISHED
        if all(word in ANSWERS for word in words):
            return ANSWERED
        if not words[-1].isascii():
            return self._chinese(words[-1], text)
        if words[-1] in NEVER_LAST:
            return UNFINISHED
        if all(word in OPENERS for word in words):
            return HANGING
        numbers = np.array([number_of(word, self._vocabulary) for word in words[-24:]], np.int64)
        (ended,) = self._session.run(None, {"numbers": numbers})
        over = float(ended[0])
        punctuated = text[-1] in ".?!"
        if punctuated and words[0] in ANSWERS and len(words) <= SHORT + 1:
            return ANSWERED
        if words[-1] not in SELDOM_LAST and len(words) > SHORT and text.endswith("?") and _asks(words):
            return ANSWERED
        short = punctuated and len(words) <= SHORT and words[-1] not in SELDOM_LAST
        bounded = min(max(over, 1e-4), 1 - 1e-4)
        probability = 1 / (1 + math.exp(-math.log(bounded / (1 - bounded)) - LENIENT))
        return max(probability, SHORTLY) if short else probability

    @staticmethod
    def _chinese(last: str, text: str) -> float:
        end = next((end for end in ENDS_ZH if last.endswith(end)), None)
        if end is not None:
            return UNFINISHED
        return ANSWERED if ASKING_ZH.search(last) or text[-1] in "。？！" else OPEN
