"""What a sound over the agent's voice is called, on frames made by hand."""

from streaming.ears.overlap import OverlapEar
from streaming.ears.sound import Frame
from streaming.ears.speech import SpeechEdges
from streaming.time import ms, to_ms

VOICE, HISS, FADING, SILENCE = (-20.0, 0.9), (-25.0, 0.1), (-40.0, 0.9), (-70.0, 0.0)


def hear(*spans: tuple[int, tuple[float, float]], played: bool = True) -> list[tuple[str, float]]:
    """(kind, at in ms) of sound of (length in ms, (level, voicing)) of which the network is sure while it lasts."""
    edges, ear = SpeechEdges(), OverlapEar()
    told, end = [], 0
    for length, (level, voicing) in spans:
        for _ in range(length // 10):
            end += 10
            frame = Frame(ms(end), level, -60.0, 0.9 if level > -60 else 0.1, voicing)
            told += ear.push(frame, edges.push(frame), played)
    return [(overlap.kind, to_ms(overlap.at)) for overlap in told]


def test_a_voice_that_goes_on_is_an_interruption_at_150_ms() -> None:
    assert hear((500, VOICE)) == [("interruption", 150)]


def test_a_voice_shorter_than_150_ms_is_a_backchannel_once_it_has_ended() -> None:
    assert hear((140, VOICE), (300, SILENCE)) == [("backchannel", 230)]


def test_a_short_burst_of_noise_is_noise() -> None:
    assert hear((140, HISS), (300, SILENCE)) == [("noise", 230)]


def test_a_short_sound_that_fades_is_not_taken_for_one_that_goes_on() -> None:
    assert hear((120, VOICE), (50, FADING), (300, SILENCE))[0][0] == "backchannel"


def test_noise_that_goes_on_has_a_name_before_an_undecided_onset_cuts() -> None:
    assert hear((600, HISS)) == [("noise", 330)]


def test_a_fricative_before_the_voice_delays_but_does_not_hide_it() -> None:
    assert hear((180, HISS), (300, VOICE)) == [("interruption", 210)]


def test_a_hiss_that_becomes_a_voice_late_is_an_interruption_after_all() -> None:
    assert hear((400, HISS), (300, VOICE)) == [("noise", 330), ("interruption", 430)]


def test_nothing_is_said_of_sounds_while_the_agent_is_silent() -> None:
    assert hear((500, VOICE), played=False) == []


def test_two_coughs_do_not_add_up_to_an_interruption() -> None:
    told = hear((140, HISS), (120, SILENCE), (140, HISS), (300, SILENCE))
    assert [kind for kind, _ in told] == ["noise", "noise"]
