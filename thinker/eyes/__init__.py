"""Small eyes for families without their own: they read text and codes, and tell colours and light. No more."""

from __future__ import annotations
