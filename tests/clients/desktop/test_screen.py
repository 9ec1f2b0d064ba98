from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest
from fake_card import FakeCard
from rich.text import Text
from scripted_server import Caller, ScriptedServer, until
from textual.pilot import Pilot
from textual.widgets import Input, Static

from clients.desktop import talk_key
from clients.desktop.assistant import Assistant
from clients.desktop.preferences import Preferences
from clients.desktop.screen import Screen


class Visit:
    """Somebody at the terminal."""

    def __init__(self, screen: Screen, assistant: Assistant, pilot: Pilot[int], card: FakeCard, caller: Caller) -> None:
        self.screen, self.assistant, self.pilot, self.card, self.caller = screen, assistant, pilot, card, caller

    def text(self, selector: str) -> str:
        return str(self.screen.screen_stack[0].query_one(selector, Static).content)

    def entries(self) -> list[Text]:
        return [widget.content for widget in self.screen.query(".entry").results(Static)]  # type: ignore[misc]

    async def shows(self, selector: str, words: str) -> None:
        await until(lambda: words in self.text(selector))


@contextlib.asynccontextmanager
async def at_the_terminal(server: ScriptedServer, chosen: Preferences | None = None) -> AsyncIterator[Visit]:
    card, chosen = FakeCard(), chosen or Preferences()
    assistant = Assistant(card, server.url, "", chosen, lambda: None)
    screen = Screen(assistant, chosen)
    async with screen.run_test(size=(100, 30)) as pilot:
        yield Visit(screen, assistant, pilot, card, await server.call())


async def test_both_transcripts_and_the_figures_are_shown_and_unheard_words_are_struck(server: ScriptedServer) -> None:
    async with at_the_terminal(server) as visit:
        caller = visit.caller
        await caller.send(
            {"type": "duplex.user.words", "item_id": "u", "stable": "what is the", "tentative": "weather"},
        )
        await until(lambda: any("what is the weather" in str(entry) for entry in visit.entries()))
        await caller.planned("a", "It is sunny and very warm.")
        await caller.heard("a", "It is sunny", cut=True)
        await caller.send(
            {"type": "duplex.latency", "response_id": "r", "kind": "reply", "turn_ms": 291.4, "stages": []},
            {"type": "duplex.state", "user": "silent", "agent": "thinking"},
        )
        await until(lambda: any("It is sunny" in str(entry) for entry in visit.entries()))
        agent = visit.entries()[1]
        assert str(agent) == "Agent  It is sunny and very warm.  interrupted"
        struck = [agent.plain[span.start : span.end] for span in agent.spans if "strike" in str(span.style)]
        assert struck == ["and very warm."]
        await visit.shows("#latency", "answered after 291 ms")
        await visit.shows("#says", "Thinking")


async def test_the_mute_key_works_while_something_is_typed(server: ScriptedServer) -> None:
    async with at_the_terminal(server) as visit:
        await visit.pilot.press("t", "h", "m", "f2")
        assert visit.assistant.muted
        assert not visit.assistant.voice.open_mic
        await visit.shows("#says", "Muted")
        assert visit.screen.query_one("#type", Input).value == "hm"
        await visit.pilot.press("escape", "m")
        assert not visit.assistant.muted
        assert visit.assistant.voice.open_mic


async def test_what_is_typed_is_sent_with_enter(server: ScriptedServer) -> None:
    async with at_the_terminal(server) as visit:
        await visit.pilot.press("t", *"hello", "enter")
        await until(lambda: visit.caller.of_type("response.create"))
        item = visit.caller.of_type("conversation.item.create")[0]["item"]
        assert item["content"][0]["text"] == "hello"
        assert visit.screen.query_one("#type", Input).value == ""


async def test_push_to_talk_opens_the_microphone_for_as_long_as_the_key_says(server: ScriptedServer) -> None:
    async with at_the_terminal(server) as visit:
        await visit.pilot.press("p")
        await until(lambda: visit.caller.of_type("session.update"))
        assert not visit.assistant.voice.open_mic
        await visit.pilot.press("space")
        assert visit.assistant.voice.open_mic
        await visit.shows("#says", "Listening")
        await asyncio.sleep(2 * talk_key.REPEATS_WITHIN_S)
        await visit.pilot.press("space")
        await until(lambda: visit.caller.of_type("input_audio_buffer.commit"))
        assert not visit.assistant.voice.open_mic
        await until(lambda: visit.caller.of_type("response.create"))


async def test_a_device_is_chosen_in_the_dialog_and_remembered(server: ScriptedServer) -> None:
    chosen = Preferences()
    async with at_the_terminal(server, chosen) as visit:
        await until(lambda: visit.card.streams)
        await visit.pilot.press("d")
        await visit.pilot.press("down", "down", "enter")
        await until(lambda: visit.card.stream.microphone == "Headset")
        assert visit.card.stream.loudspeaker == "Built-in loudspeaker"
        assert chosen.microphone == "Headset"
        await visit.pilot.press("escape")
        await until(lambda: not visit.screen.screen.is_modal)


async def test_a_lost_server_is_said_and_the_talk_goes_on_when_it_is_back(server: ScriptedServer) -> None:
    async with at_the_terminal(server) as visit:
        server.status = 503
        await visit.caller.socket.close()
        await visit.shows("#says", "Coming back")
        server.status = 200
        visit.assistant.call.retry()
        await server.call(2)
        await visit.shows("#says", "Listening")
        assert any("Connected again" in str(entry) for entry in visit.entries())


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_every_text_can_be_read(server: ScriptedServer, theme: str) -> None:
    async with at_the_terminal(server, Preferences(theme=theme)) as visit:  # type: ignore[arg-type]
        visit.assistant.note("A note")
        await visit.caller.planned("a", "It is sunny and warm.")
        await visit.caller.heard("a", "It is", cut=True)
        await until(lambda: len(visit.entries()) == 2)
        variables = visit.screen.theme_variables
        grounds = [variables[name] for name in ("background", "surface", "panel")]
        for name in ("foreground", "quiet", "primary", "secondary", "success", "warning", "error"):
            for ground in grounds:
                assert contrast(variables[name], ground) >= 4.5, f"{name} on {ground}"


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two #rrggbb."""

    def luminance(colour: str) -> float:
        parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


async def test_drawing_a_long_talk_costs_little(server: ScriptedServer) -> None:
    async with at_the_terminal(server) as visit:
        for number in range(200):
            visit.assistant.note(f"Note {number}")
        await until(lambda: len(visit.entries()) == 200)
        began = time.process_time()
        for _ in range(50):
            visit.screen._draw()
        # Ten times a second on the loop that also carries the sound.
        assert (time.process_time() - began) / 50 < 0.01
