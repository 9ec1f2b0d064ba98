// The voices among the settings: who is known, who is being learnt, and who is answered.

import { $ } from "./page.js";
import { savePreferences } from "./preferences.js";
import { nameOf } from "./voices.js";

/** @typedef {ReturnType<typeof import("./preferences.js").loadPreferences>} Preferences */
/** @typedef {import("./voices.js").Voices} Voices */

/** A ring is full at this, in its own units. */
const FULL = 100;

export class VoicesView {
  #voices;
  #preferences;
  /** What is drawn, so that nobody's focus is taken away without need. */
  #drawn = "";
  #learning = false;
  /** Whether there is a microphone, and it is open. */
  hears = true;

  /**
   * @param {Voices} voices
   * @param {Preferences} preferences
   */
  constructor(voices, preferences) {
    this.#voices = voices;
    this.#preferences = preferences;
    const name = /** @type {HTMLInputElement} */ ($("learn-name"));
    const learn = () => {
      voices.learn(name.value);
      name.value = "";
      this.draw();
    };
    $("learn-voice").onclick = learn;
    name.onkeydown = (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // it would press "Done"
      learn();
    };
    const giveUp = () => {
      voices.giveUp();
      this.say("");
      this.draw();
    };
    $("give-up").onclick = giveUp;
    $("settings").addEventListener("close", giveUp);
    this.#wire("anybody", () => {
      voices.switched();
      this.say("");
    });
    this.#wire("remember", () => voices.remembered());
    this.draw();
  }

  /**
   * @param {"anybody" | "remember"} id
   * @param {() => void} switched
   */
  #wire(id, switched) {
    const box = /** @type {HTMLInputElement} */ ($(id));
    box.checked = this.#preferences[id];
    box.onchange = () => {
      this.#preferences[id] = box.checked;
      savePreferences(this.#preferences);
      switched();
      this.draw();
    };
  }

  /**
   * Something that the user should know, read out as well.
   * @param {string} text
   */
  say(text) {
    $("voices-said").textContent = text;
  }

  draw() {
    const { people, lesson } = this.#voices;
    const { anybody } = this.#preferences;
    $("voices-about").textContent = about(anybody, people.length, this.hears);
    const closed = anybody || !this.hears;
    for (const id of ["learn-name", "learn-voice"]) /** @type {HTMLInputElement} */ ($(id)).disabled = closed;
    this.#drawPeople();
    this.#drawLesson(lesson);
  }

  #drawPeople() {
    const { people } = this.#voices;
    const names = people.map(nameOf);
    if (names.join("\n") === this.#drawn) return;
    this.#drawn = names.join("\n");
    const list = $("people");
    const held = [...list.querySelectorAll("button")].indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    list.replaceChildren(...names.map((name, place) => this.#row(name, place)));
    if (held >= 0) ([...list.querySelectorAll("button")].at(Math.min(held, names.length - 1)) ?? $("learn-voice")).focus();
  }

  /**
   * @param {string} name
   * @param {number} place
   */
  #row(name, place) {
    const row = document.createElement("li");
    const words = document.createElement("span");
    words.textContent = name;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "small";
    remove.textContent = "Remove";
    remove.setAttribute("aria-label", `Remove ${name}`);
    remove.onclick = () => {
      this.#voices.forget(place);
      this.draw();
      this.say(`Removed: ${name}`);
    };
    row.append(words, remove);
    return row;
  }

  /** @param {import("./voices.js").Lesson | null} lesson */
  #drawLesson(lesson) {
    const heard = lesson ? Math.round(Math.min(1, lesson.heard) * FULL) : 0;
    $("lesson-heard").setAttribute("stroke-dasharray", `${heard} ${FULL}`);
    $("lesson-ring").setAttribute("aria-valuenow", String(heard));
    if ((lesson !== null) === this.#learning) return;
    this.#learning = lesson !== null;
    const held = [$("learn-name"), $("learn-voice"), $("give-up")].includes(/** @type {HTMLElement} */ (document.activeElement));
    $("lesson-ring").toggleAttribute("hidden", !lesson);
    $("give-up").hidden = !lesson;
    $("learn").hidden = !!lesson;
    this.say(lesson ? `${lesson.name}: speak, in any language, until the ring is full` : "");
    if (held) $(lesson ? "give-up" : "learn-voice").focus();
  }
}

/**
 * @param {boolean} anybody
 * @param {number} known
 * @param {boolean} hears
 */
function about(anybody, known, hears) {
  if (anybody) return "Whoever speaks is answered.";
  const others = known ? "Others are not answered." : "It gets to know you as you talk; then others are not answered.";
  return hears ? others : `${others} No voice can be learnt while your microphone is off.`;
}
