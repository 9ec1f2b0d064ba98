"""The ears' benchmark, played inside: real ears and the real conversation, in media time, around a scripted mind."""
