"""Which microphone, which loudspeaker."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from .assistant import Assistant
from .voice import device_of

DEFAULT = "System default"


class DeviceDialog(ModalScreen[None]):
    """Enter takes a device at once; nothing is to be confirmed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,d,q", "dismiss", "Done"),
        Binding("r", "rescan", "Look again"),
    ]

    def __init__(self, assistant: Assistant) -> None:
        super().__init__()
        self._assistant = assistant

    def compose(self) -> ComposeResult:
        with Vertical(id="devices"):
            yield Label("Microphone")
            yield OptionList(id="microphone", markup=False)
            yield Label("Loudspeaker")
            yield OptionList(id="loudspeaker", markup=False)
            yield Label("Enter: take   Tab: other list   r: look again   Escape: done")

    def on_mount(self) -> None:
        self._fill()

    def _fill(self) -> None:
        voice = self._assistant.voice
        for side, found, chosen in (
            ("microphone", voice.devices.microphones, voice.choice.microphone),
            ("loudspeaker", voice.devices.loudspeakers, voice.choice.loudspeaker),
        ):
            names = ["", *dict.fromkeys(device.name for device in found)]
            options = self.query_one(f"#{side}", OptionList)
            options.clear_options()
            device = device_of(found, chosen)
            current = device.name if device else ""
            options.add_options(
                Option(f"{'●' if name == current else ' '} {name or DEFAULT}", id=f"name:{name}") for name in names
            )
            options.highlighted = names.index(current) if current in names else 0

    async def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        name = str(event.option_id).removeprefix("name:")
        choice = self._assistant.voice.choice
        if event.option_list.id == "microphone":
            await self._assistant.use(name, choice.loudspeaker)
        else:
            await self._assistant.use(choice.microphone, name)
        self._fill()

    async def action_rescan(self) -> None:
        """Looks for devices that were plugged in meanwhile."""
        await self._assistant.voice.rescan()
        self._fill()
