"""How well the ears yield, and to whom: metrics, report, and the part that is played over the wire."""
