"""What is kept ready as sound. If these fail, a slow engine costs a slot or the whole server."""

from __future__ import annotations

import pytest

from agent.call import notices
from agent.call.notices import BACKCHANNEL, SENTENCES, Notices
from agent.engine import messages as engine
from tests.agent.call.engine import FakeClient


class Mute(FakeClient):
    """An engine that never comes to an end of thinking."""

    def think(self, message: engine.Think) -> None: ...


async def test_all_that_is_kept_ready_is_spoken_once_and_the_slot_is_given_back() -> None:
    client, ready = FakeClient(), Notices()
    await ready.make(client, "")
    assert [ready.sentence(kind)[0] for kind in SENTENCES] == list(SENTENCES.values())
    assert all(len(ready.sentence(kind)[1]) for kind in SENTENCES)
    assert ready.backchannel[0] == BACKCHANNEL
    assert len(client.got(engine.Close)) == 1


async def test_an_engine_that_is_too_slow_to_speak_them_keeps_no_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "PATIENCE_S", 0.01)
    client, ready = Mute(), Notices()
    with pytest.raises(TimeoutError):
        await ready.make(client, "")
    assert len(client.got(engine.Close)) == 1
    assert not len(ready.sentence("mind_lost")[1])
