"""The Thinker's fine-tuning. If these fail, what is trained is not what the Thinker will run with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from thinker.nano.adapter import Adapted as Merged
from thinker.nano.adapter import rounded, tensors
from thinker.nano.converted import converted
from thinker.nano.decoder import Decoder
from thinker.nano.tokeniser import Tokeniser
from thinker.nano.weights import Gguf, missing, smollm2
from training.thinker.dialogues import Dialogue, Said, dialogues, for_testing
from training.thinker.examples import batches, example
from training.thinker.export import write

torch = pytest.importorskip("torch")

from training.thinker.model import Adapted, Student  # noqa: E402 - needs torch


@pytest.fixture(scope="module")
def weights() -> Path:
    found = smollm2()
    if found is None:
        pytest.skip(missing()[0])
    return found


@pytest.fixture(scope="module")
def tokeniser(weights: Path) -> Tokeniser:
    return Tokeniser(converted(weights) / "tokeniser.json")


@pytest.fixture
def student(weights: Path, made: list[Student]) -> Iterator[Student]:
    """The student, which has learnt nothing yet; it is made once."""
    if not made:
        torch.manual_seed(0)
        made.append(Student(Gguf(weights), rank=2))
    fresh = {name: tensor.clone() for name, tensor in made[0].state_dict().items()}
    yield made[0]
    made[0].load_state_dict(fresh)


@pytest.fixture(scope="module")
def made() -> list[Student]:
    return []


def test_only_what_the_assistant_is_to_say_is_learnt(tokeniser: Tokeniser) -> None:
    turns = [Said("assistant", "Heard before."), Said("user", "Go on."), Said("assistant", "Gladly.", learnt=True)]
    made = example(Dialogue("test", turns), tokeniser)
    learnt = [token for token, wanted in zip(made.tokens, made.learnt, strict=True) if wanted]
    assert tokeniser.decode(learnt) == "Gladly."
    assert learnt[-1] == tokeniser.turn_ends


def test_conversations_are_the_same_for_a_seed_and_tests_ask_for_nothing_learnt() -> None:
    first, again = (list(islice(dialogues(3), 200)) for _ in range(2))
    assert first == again
    taught = {turn.text for one in islice(dialogues(3), 1500) for turn in one.turns if turn.role == "user"}
    tested = [one for one in islice(dialogues(3, testing=True), 300) if one.kind == "question"]
    assert tested
    assert not {turn.text for one in tested for turn in one.turns if turn.role == "user"} & taught
    assert 0 < sum(for_testing(str(number)) for number in range(1000)) < 250


def test_every_kind_of_conversation_comes_and_replies_are_short() -> None:
    made = list(islice(dialogues(1), 400))
    assert {one.kind for one in made} == {
        "question", "small talk", "not known", "cut off", "call", "no call", "picture"
    }  # fmt: skip
    assert all(len(turn.text.split()) <= 30 for one in made for turn in one.turns if turn.learnt)


def test_batches_are_padded_and_padding_is_not_learnt(tokeniser: Tokeniser) -> None:
    tokens, learnt = next(batches((example(one, tokeniser) for one in dialogues(1)), 4, 320))
    assert tokens.shape == learnt.shape
    assert learnt.any(axis=1).all()
    assert not learnt[tokens == 0].any()


def test_the_student_thinks_as_the_thinker_does_before_it_has_learnt_anything(
    weights: Path, tokeniser: Tokeniser, student: Student
) -> None:
    tokens = example(next(dialogues(1)), tokeniser).tokens[:24]
    with torch.no_grad():
        theirs = student.hidden(torch.tensor([tokens]))[0].numpy()
    decoder = Decoder(converted(weights), 1)
    ours = decoder.run(decoder.memory(), decoder.embed(list(tokens)))
    cosine = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    assert cosine.min() > 0.98, "the graph rounds activations to eight bits, and no more differs"


def test_a_merged_adapter_says_what_the_student_learnt(weights: Path, tmp_path: Path, student: Student) -> None:
    module = student.layers[3].attn_q
    assert isinstance(module, Adapted)
    torch.manual_seed(1)
    with torch.no_grad():
        module.b.normal_(0, 0.3)
        delta = (module.b @ module.a * module.scale).numpy()
    write(tmp_path / "adapter.safetensors", student.adapter(), {"steps": "0"})
    gguf, merged = Gguf(weights), Merged(weights, tmp_path / "adapter.safetensors")
    name, heads = "blk.3.attn_q.weight", gguf.shape.heads
    change = merged.rotated(name, heads).floats() - gguf.rotated(name, heads).floats()
    scale = gguf.linear(name).scale.mean()
    assert np.abs(change - delta).mean() < 2 * scale, "queries' rows are in another order, or nothing was merged"
    assert np.corrcoef(change.ravel(), delta.ravel())[0, 1] > 0.7
    untouched = merged.linear("blk.4.ffn_up.weight").floats() - gguf.linear("blk.4.ffn_up.weight").floats()
    assert np.abs(untouched).max() < 2 * gguf.linear("blk.4.ffn_up.weight").scale.max()


def test_four_bits_hold_what_they_can() -> None:
    made = np.random.default_rng(2).normal(0, 1, (4, 64)).astype(np.float32)
    again = rounded(made)
    assert np.abs(again.floats() - made).max() <= 0.51 * again.scale.max() + 0.01
    assert rounded(np.zeros((1, 32), np.float32)).floats().tolist() == np.zeros((1, 32)).tolist()


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "adapter.safetensors"
    write(file, {"a": np.arange(6, dtype=np.float16).reshape(2, 3)}, {})
    assert tensors(file)["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(ValueError, match="cut off"):
        tensors(file)
    file.write_bytes(b"\xff" * 20)
    with pytest.raises(ValueError, match="no safetensors"):
        tensors(file)


def test_a_few_steps_lower_the_loss(tokeniser: Tokeniser, student: Student) -> None:
    tokens, learnt = next(batches((example(one, tokeniser) for one in dialogues(2)), 2, 120))
    optimiser = torch.optim.AdamW(student.parameters(), lr=2e-3)
    losses = []
    for _ in range(3):
        loss = student.loss(torch.from_numpy(tokens), torch.from_numpy(learnt))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
