"""What the assistant can do by itself: tools, and a recogniser that proposes them from the user's words."""
