"""Fine-tuning the bundled Thinker: short spoken replies, tool calls, and what to say after being cut off."""
