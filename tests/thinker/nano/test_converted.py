"""Weights are converted once, and what is found in the cache is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from thinker.nano import converted as conversion
from thinker.nano.converted import converted


class Converter:
    """Stands in for the conversion: writes something, counts, and may be cut short or overtaken."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.breaks = False
        self.overtaken_in: Path | None = None
        """A cache into which another process converts in the meantime."""
        monkeypatch.setattr(conversion, "convert", self)

    def __call__(self, weights: Path, folder: Path, adapter: Path | None = None) -> None:
        self.count += 1
        (folder / "body.onnx").write_text("body")
        if self.breaks:
            raise OSError("disk full")
        if cache := self.overtaken_in:
            self.overtaken_in = None
            converted(weights, cache)
        (folder / "head.onnx").write_text("head")


@pytest.fixture
def converter(monkeypatch: pytest.MonkeyPatch) -> Converter:
    return Converter(monkeypatch)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.gguf"
    path.write_bytes(bytes(1 << 21))
    return path


def test_weights_are_converted_once(converter: Converter, weights: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = converted(weights, cache)
    assert converted(weights, cache) == first
    assert converter.count == 1
    assert sorted(file.name for file in first.iterdir()) == ["body.onnx", "head.onnx"]


def test_other_weights_are_not_mistaken_for_converted_ones(converter: Converter, weights: Path, tmp_path: Path) -> None:
    first = converted(weights, tmp_path / "cache")
    weights.write_bytes(bytes((1 << 21) - 1) + b"\1")
    assert converted(weights, tmp_path / "cache") != first
    assert converter.count == 2


def test_an_adapter_makes_other_weights_of_them(converter: Converter, weights: Path, tmp_path: Path) -> None:
    cache, adapter = tmp_path / "cache", tmp_path / "adapter.safetensors"
    adapter.write_bytes(b"small")
    with_it = converted(weights, cache, adapter)
    assert with_it != converted(weights, cache)
    assert converted(weights, cache, adapter) == with_it
    adapter.write_bytes(b"other")
    assert converted(weights, cache, adapter) != with_it


def test_a_conversion_that_breaks_off_leaves_nothing_behind(
    converter: Converter, weights: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    converter.breaks = True
    with pytest.raises(OSError, match="disk full"):
        converted(weights, cache)
    assert list(cache.iterdir()) == []
    converter.breaks = False
    assert (converted(weights, cache) / "head.onnx").exists()


def test_of_two_that_convert_at_once_both_find_the_weights(converter: Converter, weights: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    converter.overtaken_in = cache
    folder = converted(weights, cache)
    assert converter.count == 2
    assert [path.name for path in cache.iterdir()] == [folder.name]
    assert (folder / "head.onnx").exists()


def test_the_user_says_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLLOQUY_CACHE", str(tmp_path))
    assert conversion.cache_folder() == tmp_path
