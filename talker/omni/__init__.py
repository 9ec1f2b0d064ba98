"""What the speaking sides of Qwen2.5-Omni and Qwen3-Omni have in common."""
