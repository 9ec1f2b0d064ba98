"""Time and sound: the media clock, frames, buffers, playout, the latency ledger, ears and the wire's types."""
