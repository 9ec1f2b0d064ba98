"""The terminal: what both said, who is speaking, how loud it is, and how long the last answer took."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Footer, Input, Static

from .assistant import Assistant
from .device_dialog import DeviceDialog
from .preferences import Preferences
from .theme import DARK, LIGHT
from .transcript import Entry

LEVELS_S = 0.1
LOUDEST, SOFTEST = -10.0, -60.0
"""dBFS at which a meter is full, and empty."""
WIDTH = 16
UNHEARD_WORDS = 12
"""Of a reply that was cut, so many of the words that nobody heard are shown."""
WELCOME = "Just talk. You may interrupt at any time, and no headset is needed."


class Meter(Static):
    """One level, as a bar."""

    def __init__(self, label: str, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._label = label
        self._drawn = -1
        self.show_level(SOFTEST)

    def show_level(self, dbfs: float) -> None:
        """Draws `dbfs`, if that looks different."""
        share = (dbfs - SOFTEST) / (LOUDEST - SOFTEST)
        eighths = round(min(max(share, 0.0), 1.0) * WIDTH * 8)
        if eighths != self._drawn:
            self._drawn = eighths
            bar = "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8]
            self.update(f"{self._label} {bar[:WIDTH]:<{WIDTH}}")


class Screen(App[int]):
    """Draws an `Assistant`, and hands it the user's keys."""

    CSS_PATH = "screen.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "talk", "Talk"),
        Binding("m", "mute", "Mute"),
        # Works while something is typed, and in dialogs, too.
        Binding("f2", "mute", "Mute", show=False, priority=True),
        Binding("p", "mode", "Push-to-talk"),
        Binding("t", "type", "Type"),
        Binding("d", "devices", "Devices"),
        Binding("l", "theme", "Light/dark"),
        Binding("q", "leave", "Quit"),
        Binding("ctrl+c", "leave", "Quit", show=False, priority=True),
        Binding("escape", "listen", "Back", show=False),
    ]

    def __init__(self, assistant: Assistant, chosen: Preferences) -> None:
        super().__init__()
        # The style sheet names the themes' colours, so they come before it is read.
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = chosen.theme
        self._assistant = assistant
        self._chosen = chosen
        self._who, self._latency, self._says = (Static("", id=id, markup=False) for id in ("name", "latency", "says"))
        self._meters = Meter("mic", "mic"), Meter("out", "out")
        self._welcome = Static(WELCOME, id="welcome", markup=False)
        self._transcript = VerticalScroll(self._welcome, id="transcript", can_focus=True)
        self._line = Input(placeholder="Type instead of talking (t, and Escape to go back)", id="type")
        self._lines: dict[str, tuple[Static, int]] = {}
        """Entry -> its widget, and the version that is drawn."""

    def compose(self) -> ComposeResult:
        yield Horizontal(self._who, self._latency, id="top")
        yield self._transcript
        yield Horizontal(self._says, *self._meters, id="state")
        yield self._line
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._transcript.focus()
        self.set_interval(LEVELS_S, self._draw)
        self.run_worker(self._talk(), exit_on_error=True)

    async def _talk(self) -> None:
        await self._assistant.run()
        # The server refused for good: its sentence stays on the screen until the user leaves.
        self._draw()

    # --- drawing ------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Ten times a second; what has not changed is left alone."""
        if not self._transcript.is_attached:
            return  # the screen is being taken down
        assistant, status = self._assistant, self._assistant.call.status
        self._meters[0].show_level(assistant.microphone_level)
        out = assistant.voice.loudspeaker_level if not assistant.voice.problem else SOFTEST
        self._meters[1].show_level(out)
        self._put(self._who, f"Colloquy  {status.model}".rstrip())
        times = [] if status.reply_ms is None else [f"answered after {status.reply_ms:.0f} ms"]
        times += [] if status.stop_ms is None else [f"silent after {status.stop_ms:.0f} ms"]
        self._put(self._latency, " · ".join(times))
        self._put(self._says, self._state())
        self._draw_transcript()

    @staticmethod
    def _put(widget: Static, text: str | Text) -> None:
        if str(widget.content) != str(text):
            widget.update(text)

    def _state(self) -> Text:
        """One sentence: what is going on now."""
        assistant, status = self._assistant, self._assistant.call.status
        colours = self.theme_variables
        if status.link != "connected":
            words = {"connecting": "Connecting …", "lost": "Coming back …", "ended": "Ended"}[status.link]
            problem = f"  {status.problem}" if status.problem else ""
            return Text(f"○ {words}{problem}", style=colours["warning"])
        if assistant.voice.problem:
            return Text("○ No sound device", style=colours["warning"])
        if assistant.muted:
            return Text("○ Muted  (m or F2 to be heard)", style=colours["warning"])
        if assistant.talking:
            return Text("● Listening  (space when you are done)", style=colours["success"])
        if status.user == "speaking" and assistant.call.mode == "hands-free":
            return Text("● You are speaking", style=colours["success"])
        words = {
            "listening": "Listening",
            "thinking": "Thinking",
            "speaking": "Speaking",
            "ducked": "Speaking, softly",
            "holding": "About to speak",
            "tool": "Looking something up",
        }[status.agent]
        if assistant.call.mode == "push-to-talk" and status.agent == "listening":
            words = "Press space to talk"
        return Text(f"● {words}", style=colours["primary" if status.agent != "listening" else "foreground"])

    def _draw_transcript(self) -> None:
        transcript = self._transcript
        entries = self._assistant.call.transcript.entries
        at_end = transcript.max_scroll_y - transcript.scroll_y <= 2
        news = False
        for gone in self._lines.keys() - {entry.id for entry in entries}:
            self._lines.pop(gone)[0].remove()
            news = True
        for entry in entries:
            known = self._lines.get(entry.id)
            if known is not None and known[1] == entry.version:
                continue
            news = True
            if known is None:
                widget = Static(self._words(entry), classes=f"entry {entry.who}", markup=False)
                transcript.mount(widget)
            else:
                widget = known[0]
                widget.update(self._words(entry))
            self._lines[entry.id] = (widget, entry.version)
        if news:
            self._welcome.display = not self._lines
            if at_end:
                transcript.scroll_end(animate=False)

    def _words(self, entry: Entry) -> Text:
        """The user's words as they are understood, the agent's as they are heard; unheard ones of a cut are struck."""
        colours = self.theme_variables
        if entry.who == "note":
            return Text(entry.text)
        user = entry.who == "user"
        text = Text("You    " if user else "Agent  ", style=f"bold {colours['secondary' if user else 'primary']}")
        text.append(entry.text.lstrip(), style=f"not bold {colours['foreground']}")
        quiet = f"not bold {colours['quiet']}"
        if user:
            text.append(entry.rest, style=f"italic {quiet}")
        elif entry.state in ("cut", "lost"):
            unheard = entry.rest.split()
            if unheard:
                more = " …" if len(unheard) > UNHEARD_WORDS else ""
                text.append(" ")
                text.append(" ".join(unheard[:UNHEARD_WORDS]), style=f"strike {quiet}")
                text.append(more, style=quiet)
            text.append("  interrupted" if entry.state == "cut" else "  connection lost", style=f"italic {quiet}")
        return text

    # --- keys ---------------------------------------------------------------------------------

    def action_talk(self) -> None:
        self._assistant.press()

    def action_mute(self) -> None:
        self._assistant.toggle_mute()
        self._draw()

    def action_mode(self) -> None:
        by_key = self._assistant.call.mode == "push-to-talk"
        self._assistant.take_turns("hands-free" if by_key else "push-to-talk")
        self.notify("Hands-free: just talk." if by_key else "Push-to-talk: tap space, or hold it.", timeout=4)

    def action_type(self) -> None:
        self._line.focus()

    def action_listen(self) -> None:
        self._transcript.focus()

    def action_devices(self) -> None:
        self.push_screen(DeviceDialog(self._assistant))

    def action_theme(self) -> None:
        self._chosen.theme = "light" if self.theme == "dark" else "dark"
        self.theme = self._chosen.theme
        for entry in self._assistant.call.transcript.entries:
            entry.version += 1
        self._draw()

    def action_leave(self) -> None:
        self.exit(1 if self._assistant.call.status.link == "ended" else 0)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if text and self._assistant.call.type(text):
            event.input.clear()
        elif text:
            self.notify("Not connected: this was not sent.", severity="warning")
