// Draws the transcript, keeps its end in view, and tells screen readers of what is finished, once.

/** @typedef {import("./transcript.js").Entry} Entry */

/** @type {Record<Entry["who"], string>} */
const NAMES = { user: "You", agent: "Colloquy", note: "" };
/** What is put after words that ended before their end. @type {Record<Entry["state"], string>} */
const MARKS = { live: "", whole: "", cut: " — interrupted", lost: " — cut off" };
/** Whoever has scrolled up further than this, in px, is reading, and is left alone. */
const NEAR_END = 80;

export class TranscriptView {
  /** @type {Map<string, {element: HTMLElement, version: number, told: boolean}>} */
  #drawn = new Map();

  /**
   * @param {HTMLElement} frame which scrolls
   * @param {HTMLElement} list in it
   * @param {(text: string) => void} announce
   */
  constructor(frame, list, announce) {
    this.frame = frame;
    this.list = list;
    this.announce = announce;
  }

  /** @param {Entry[]} entries */
  draw(entries) {
    const { frame } = this;
    const follow = frame.scrollHeight - frame.scrollTop - frame.clientHeight < NEAR_END;
    const ids = new Set(entries.map((entry) => entry.id));
    for (const [id, { element }] of this.#drawn) {
      if (ids.has(id)) continue;
      element.remove();
      this.#drawn.delete(id);
    }
    for (const entry of entries) this.#drawEntry(entry);
    if (follow) frame.scrollTop = frame.scrollHeight;
  }

  /** @param {Entry} entry */
  #drawEntry(entry) {
    let drawn = this.#drawn.get(entry.id);
    if (!drawn) {
      drawn = { element: this.list.appendChild(document.createElement("li")), version: -1, told: false };
      this.#drawn.set(entry.id, drawn);
    }
    if (drawn.version === entry.version) return;
    drawn.version = entry.version;
    drawn.element.className = `entry ${entry.who} ${entry.kind} ${entry.state}`;
    drawn.element.replaceChildren(...parts(entry));
    if (entry.state !== "live" && !drawn.told) {
      drawn.told = true;
      this.announce([NAMES[entry.who], entry.text + MARKS[entry.state]].filter(Boolean).join(": "));
    }
  }
}

/**
 * @param {Entry} entry
 * @returns {HTMLElement[]}
 */
function parts({ who, text, rest, state }) {
  if (who === "note") return [part("span", "words", text)];
  const words = part("p", "words", "");
  words.append(part("span", "firm", text));
  if (who === "user" && rest) words.append(part("span", "tentative", rest));
  if (MARKS[state]) {
    words.append(part("span", "mark", MARKS[state]));
    if (rest.trim()) {
      const unheard = part("s", "unheard", "");
      unheard.append(part("span", "hidden", " Not heard: "), rest.trimStart());
      words.append(" ", unheard);
    }
  }
  return [part("span", "who", NAMES[who]), words];
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} text
 */
function part(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
