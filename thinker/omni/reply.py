"""One reply while it is thought: how its tokens are chosen, what of them is spoken, which calls it makes."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from ..joints import Call, Handover, Sampling, Step
from ..nano.calls import read
from ..nano.constrained import CallWriter, Choose, Force
from ..nano.template import function
from ..nano.tokeniser import Speller
from .sampling import Published, Sampler
from .template import OmniTokeniser

_LONGEST_CALL = 512
"""Tokens after which a tool call that has no end is given up."""


@dataclass
class Writing:
    """A call that must come, as far as it is written."""

    asks: Generator[Force | Choose, int | None, Call]
    answer: int | None = None
    ahead: list[int] = field(default_factory=list)
    """Tokens that are decided and not taken in yet."""
    marks: list[object] = field(default_factory=list)
    """Where the slot stood before each token that was chosen."""


@dataclass
class Reply:
    """A reply that is being thought."""

    tokeniser: OmniTokeniser
    sampler: Sampler
    speller: Speller
    names: frozenset[str]
    """Functions that may be called."""
    silent: bool
    """Calls are not made (tool choice `none`)."""
    writing: Writing | None = None
    """Of a reply that must be a call."""
    inside: list[int] | None = None
    """The tokens of a call that has begun."""
    over: bool = False

    @staticmethod
    def of(sampling: Sampling, how: Published, tokeniser: OmniTokeniser, writer: CallWriter) -> Reply:
        """A reply that is to be thought as `sampling` says."""
        tools = dict(function(tool) for tool in sampling.tools)
        choice = sampling.tool_choice
        wanted = tools if choice == "required" else {choice: tools[choice]} if choice in tools else {}
        temperature = how.temperature if sampling.temperature is None else sampling.temperature
        return Reply(
            tokeniser,
            Sampler(how, temperature, np.random.default_rng(sampling.seed)),
            Speller(tokeniser),
            frozenset(tools),
            choice == "none",
            Writing(writer.call(wanted)) if wanted else None,
        )

    def took(self, token: int, handover: Handover) -> Step:
        """What one token that the model chose gives."""
        if token == self.tokeniser.call_opens and self.inside is None:
            self.inside = []
            return Step()
        if self.inside is None:
            return Step(self.speller.push(token), handover)
        if token == self.tokeniser.call_closes:
            return self._called()
        self.inside.append(token)
        self.over = len(self.inside) > _LONGEST_CALL
        return Step()

    def end(self) -> Step:
        """The model has nothing more to say; a call may lack its end."""
        self.over = True
        return self._called() if self.inside else Step(end=True)

    def _called(self) -> Step:
        text, self.inside = self.tokeniser.decode(self.inside or ()), None
        call = None if self.silent else read(text, self.names)
        return Step(call=call)
