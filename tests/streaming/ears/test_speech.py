"""Onsets and ends of speech on frames made by hand."""

from streaming.ears.opinions import SpeechStarted, SpeechStopped
from streaming.ears.sound import Frame
from streaming.ears.speech import SpeechEdges
from streaming.time import ms, to_ms

QUIET, LOUD = -60.0, -20.0


def frames(*spans: tuple[int, float, float], voicing: float = 0.9) -> list[Frame]:
    """Frames of (length in ms, level, probability of speech), over a threshold of -50 dBFS."""
    made: list[Frame] = []
    for length, level, speech in spans:
        for _ in range(length // 10):
            made.append(Frame(ms(10 * (len(made) + 1)), level, -50.0, speech, voicing if level > -50 else 0.0))
    return made


def hear(*spans: tuple[int, float, float], voicing: float = 0.9) -> list[tuple[str, float, float]]:
    """What is told of `spans`: (name, about, at) in ms."""
    edges = SpeechEdges()
    told = [edge for frame in frames(*spans, voicing=voicing) for edge in edges.push(frame)]
    return [
        ("on" if isinstance(edge, SpeechStarted) else "off", to_ms(edge.about), to_ms(edge.at))
        for edge in told
        if isinstance(edge, SpeechStarted | SpeechStopped)
    ]


def test_an_onset_is_backdated_to_where_the_sound_began() -> None:
    assert hear((100, QUIET, 0), (60, LOUD, 0.1), (100, LOUD, 0.9)) == [("on", 100, 170)]


def test_a_voiced_sound_that_stands_out_needs_less_certainty() -> None:
    assert hear((100, QUIET, 0), (60, LOUD, 0.3)) == [("on", 100, 140)]
    assert hear((100, QUIET, 0), (60, LOUD, 0.3), voicing=0.2) == []


def test_noise_that_is_no_speech_is_not_told() -> None:
    assert hear((100, QUIET, 0), (500, LOUD, 0.1)) == []


def test_certainty_without_a_sound_is_not_speech() -> None:
    assert hear((500, QUIET, 0.9)) == []


def test_an_onset_is_not_put_at_a_noise_long_before_it() -> None:
    assert hear((100, QUIET, 0), (500, -40, 0), (50, LOUD, 0.9)) == [("on", 450, 610)]


def test_an_end_is_known_after_90_ms_of_silence() -> None:
    told = hear((100, QUIET, 0), (300, LOUD, 0.9), (40, QUIET, 0.9), (200, QUIET, 0.2))
    assert told == [("on", 100, 110), ("off", 400, 490)]


def test_a_closure_inside_a_word_is_no_end() -> None:
    assert hear((300, LOUD, 0.9), (80, QUIET, 0.4), (300, LOUD, 0.9)) == [("on", 0, 10)]


def test_a_long_silence_after_clear_speech_ends_it_whatever_the_network_says() -> None:
    assert hear((300, LOUD, 0.9), (300, QUIET, 0.9))[1][2] == 460


def test_speech_that_turns_into_noise_ends() -> None:
    told = hear((300, LOUD, 0.9), (300, LOUD, 0.05))
    assert [name for name, _, _ in told] == ["on", "off"]
    assert abs(told[1][1] - 300) <= 60


def test_a_weak_tail_far_below_the_voice_is_over() -> None:
    told = hear((300, -10.0, 0.9), (200, -48.0, 0.3))
    assert told[1] == ("off", 300, 390)


def test_an_end_that_noise_masks_is_put_near_where_the_network_lets_go() -> None:
    told = hear((300, -48.0, 0.9), (150, QUIET, 0.9), (100, QUIET, 0.2))
    assert told[1] == ("off", 350, 460)
