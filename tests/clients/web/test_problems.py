"""What can go wrong is said in people's words, with a way on."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect
from scenes import heard, reply_begins, user_says

pytestmark = pytest.mark.asyncio(loop_scope="session")


def no_microphone(name: str) -> str:
    """A script that makes the browser refuse the microphone with the error `name`, once."""
    return f"""const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async () => {{
        navigator.mediaDevices.getUserMedia = open;
        throw new DOMException('no', '{name}');
    }};"""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NotAllowedError", "The microphone is blocked"),
        ("NotFoundError", "No microphone was found"),
        ("NotReadableError", "The microphone is in use"),
    ],
)
async def test_a_microphone_that_cannot_be_had_is_explained_and_can_be_tried_again(
    visit: Any, name: str, said: str
) -> None:
    await visit.page.add_init_script(no_microphone(name))
    await visit.open()
    await visit.page.get_by_role("button", name="Start talking").click()
    await expect(visit.page.get_by_role("heading", name=said)).to_be_visible()
    await visit.page.get_by_role("button", name="Try again").click()
    await expect(visit.page.get_by_role("button", name="End call")).to_be_visible()
    await expect(visit.page.get_by_role("alert")).to_have_count(0)


async def test_without_a_microphone_one_can_type_and_listen(visit: Any) -> None:
    await visit.page.add_init_script(no_microphone("NotFoundError"))
    await visit.open()
    await visit.page.get_by_role("button", name="Start talking").click()
    await visit.page.get_by_role("button", name="Type instead").click()
    await visit.server.call()
    await expect(visit.page.locator("#banner")).to_contain_text("There is no microphone")


async def test_a_full_server_says_so_and_can_be_tried_again(visit: Any) -> None:
    visit.server.full = True
    await visit.open()
    await visit.page.get_by_role("button", name="Start talking").click()
    await expect(visit.page.get_by_role("alert")).to_contain_text("All 2 places are taken.")
    visit.server.full = False
    await visit.page.get_by_role("button", name="Try again").click()
    await expect(visit.page.get_by_role("button", name="End call")).to_be_visible()


async def test_a_server_that_is_not_there_is_said_to_be(visit: Any) -> None:
    visit.server.away = True
    await visit.open()
    await visit.page.get_by_role("button", name="Start talking").click()
    await expect(visit.page.get_by_role("heading", name="The server does not answer")).to_be_visible()


async def test_a_key_is_asked_for_traded_and_not_stored(visit: Any) -> None:
    visit.server.api_key = "sesame"
    page = await visit.open()
    await page.get_by_role("button", name="Start talking").click()
    await page.get_by_label("API key").fill("wrong")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator("#key-wrong")).to_have_text("The server does not know this key.")
    await page.get_by_label("API key").fill("sesame")
    await page.get_by_role("button", name="Go on").click()
    await visit.server.call()
    await expect(page.get_by_role("button", name="End call")).to_be_visible()
    stored = await page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])")
    assert "ek_test" in stored
    assert "sesame" not in stored


async def test_an_insecure_address_says_what_to_do(visit: Any) -> None:
    await visit.page.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
    await visit.open()
    await expect(visit.page.get_by_role("alert")).to_contain_text("ssh -L")
    await expect(visit.page.get_by_role("button", name="Start talking")).to_be_hidden()


async def test_a_lost_call_comes_back_with_the_conversation_as_it_was_heard(visit: Any) -> None:
    first = await visit.talk()
    first.send(*user_says("item_1", "Tell me about seals."), *reply_begins(1, "Seals are marine mammals."))
    first.send(heard(1, "Seals are"))
    await expect(visit.page.locator(".agent .words")).to_have_text("Seals are")
    visit.server.away = True
    await first.drop()
    await expect(visit.page.locator("#banner")).to_contain_text("Trying again")
    await expect(visit.page.locator(".agent .mark")).to_be_visible()
    visit.server.away = False
    await visit.page.get_by_role("button", name="Try now").click()
    second = await visit.server.call(2)
    await second.wait_for(lambda call: len(call.of_type("conversation.item.create")) == 2)
    told = [
        (event["item"]["role"], event["item"]["content"][0]) for event in second.of_type("conversation.item.create")
    ]
    assert told == [
        ("user", {"type": "input_text", "text": "Tell me about seals."}),
        ("assistant", {"type": "output_text", "text": "Seals are"}),
    ]
    await expect(visit.page.locator("#banner")).to_be_hidden()
    await expect(visit.page.locator(".entry")).to_have_count(2)
    await second.wait_for(lambda call: call.microphone_frames > 10)
