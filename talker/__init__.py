"""The mouth: multi-codebook talkers, codecs and streaming vocoders; one folder per model family."""
