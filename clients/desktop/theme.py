"""Two calm themes: one for dark terminals, one for light ones. Every text has a contrast of 4.5:1 or more."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="dark",
    dark=True,
    primary="#8fb8de",
    secondary="#a8c5a0",
    accent="#8fb8de",
    warning="#e0b568",
    error="#e58f8f",
    success="#a8c5a0",
    foreground="#dcdfe4",
    background="#16181d",
    surface="#1c1f26",
    panel="#23272f",
    variables={"quiet": "#969daa", "footer-key-foreground": "#8fb8de", "border": "#4a5160"},
)
LIGHT = Theme(
    name="light",
    dark=False,
    primary="#1f5f99",
    secondary="#3d6b35",
    accent="#1f5f99",
    warning="#8a5a00",
    error="#a83232",
    success="#3d6b35",
    foreground="#22262d",
    background="#faf9f6",
    surface="#f1efea",
    panel="#e8e5de",
    variables={"quiet": "#5f6672", "footer-key-foreground": "#1f5f99", "border": "#b4b0a6"},
)
