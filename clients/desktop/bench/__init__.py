"""The desktop assistant in a simulated room: open loudspeaker, microphone beside it, measured at the ear."""
