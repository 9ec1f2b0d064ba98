// Whose voices the agent knows: as the server tells it, as this device remembers it, as the user wants it.
//
// A voice is a profile that the server made; it says nothing by itself, and goes back to the server unchanged. It is
// kept on the device only if the user says so.

/**
 * @typedef {import("./wire.js").WireEvent} WireEvent
 * @typedef {ReturnType<typeof import("./preferences.js").loadPreferences>} Preferences
 */

/**
 * @typedef {object} Person
 * @property {string} name
 * @property {string} voice
 * @property {number} seconds how much speech it was made of
 */

/**
 * @typedef {object} Lesson a voice that is being learnt
 * @property {string} name
 * @property {number} heard from 0 to 1
 */

const STORED = "colloquy.voices";
/** Errors about what was told under this name mean that the kept voices are of no use. */
const TOLD = "voices";
const LESSON = "lesson";
/** What the server calls a user whom it has got to know by itself. */
const BY_ITSELF = "user";

export class Voices {
  #preferences;
  #send;
  /** @type {Person[]} */
  people = [];
  /** @type {Lesson | null} */
  lesson = null;

  /**
   * @param {Preferences} preferences
   * @param {(event: WireEvent) => unknown} send
   */
  constructor(preferences, send) {
    this.#preferences = preferences;
    this.#send = send;
    if (preferences.remember) this.people = kept();
  }

  /** What a new connection's server has to be told. @returns {WireEvent[]} */
  opening() {
    const { anybody } = this.#preferences;
    return anybody || this.people.length ? [known(anybody ? [] : this.people, !anybody)] : [];
  }

  /**
   * @param {WireEvent} event
   * @returns {string} what people should know of it, or ""
   */
  apply(event) {
    if (event.type === "duplex.speaker.learning") this.lesson = { name: event.name, heard: event.seconds / event.needed };
    else if (event.type === "duplex.speaker.enrolled") return this.#enrolled(event);
    else if (event.type === "error" && event.error.event_id === LESSON) {
      this.lesson = null;
      return event.error.message;
    } else if (event.type === "error" && event.error.event_id === TOLD) {
      this.#keep([]);
      return "The voices that were known are of no use to this server; it gets to know them anew";
    }
    return "";
  }

  /** @param {WireEvent} event `duplex.speaker.enrolled` */
  #enrolled({ people, learns }) {
    // Where anybody is answered, who was known stays known to the page, for when that ends.
    if (!learns || this.#preferences.anybody) return "";
    const news = people.filter((/** @type {Person} */ { voice }) => !this.people.some((one) => one.voice === voice));
    const more = people.length > this.people.length;
    const { lesson } = this;
    this.lesson = null;
    this.#keep(people);
    if (!more || news.length !== 1) return "";
    return lesson ? `${nameOf(news[0])} is known now` : "It knows your voice now, and does not answer others";
  }

  /** @param {string} name whoever speaks next is to be known by it */
  learn(name) {
    const wanted = name.trim();
    const taken = new Set(this.people.map(nameOf));
    let free = wanted || `Voice ${this.people.length + 1}`;
    for (let number = 2; taken.has(free); number++) free = `${wanted || "Voice"} ${number}`;
    this.lesson = { name: free, heard: 0 };
    this.#send({ type: "duplex.speaker.enroll", event_id: LESSON, name: free });
  }

  /** Nobody is to be learnt after all. */
  giveUp() {
    if (!this.lesson) return;
    this.lesson = null;
    this.#tell();
  }

  /** @param {number} place in `people` */
  forget(place) {
    this.#keep(this.people.filter((_, at) => at !== place));
    this.lesson = null;
    this.#tell();
  }

  /** "Answer anybody" was switched. */
  switched() {
    this.lesson = null;
    this.#tell();
  }

  /** "Remember on this device" was switched. */
  remembered() {
    this.#keep(this.people);
  }

  /** The connection is gone, and with it whoever listened. */
  lost() {
    this.lesson = null;
  }

  #tell() {
    const { anybody } = this.#preferences;
    this.#send(known(anybody ? [] : this.people, !anybody));
  }

  /** @param {Person[]} people */
  #keep(people) {
    this.people = people;
    if (this.#preferences.remember && people.length) localStorage.setItem(STORED, JSON.stringify(people));
    else localStorage.removeItem(STORED);
  }
}

/** @param {Person} person */
export function nameOf({ name }) {
  return name === BY_ITSELF ? "You" : name;
}

/**
 * @param {Person[]} people
 * @param {boolean} learns
 * @returns {WireEvent}
 */
function known(people, learns) {
  return { type: "duplex.speaker.people", event_id: TOLD, people, learns };
}

/** @returns {Person[]} */
function kept() {
  try {
    const people = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return people.every((/** @type {Person} */ { name, voice }) => typeof name === "string" && voice) ? people : [];
  } catch {
    return [];
  }
}
