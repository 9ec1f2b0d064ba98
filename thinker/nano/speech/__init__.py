"""From sound to words that may still change, and when they no longer do."""
