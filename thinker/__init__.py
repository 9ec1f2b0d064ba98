"""The mind's ear and thought: perception, KV slots, chunked prefill; one folder per model family."""
