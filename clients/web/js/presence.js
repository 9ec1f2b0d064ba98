// Who is speaking: the orb and the word below it.

/** @typedef {'idle' | 'asking' | 'connecting' | 'listening' | 'user' | 'thinking' | 'speaking' | 'ducked' | 'holding' | 'tool' | 'lost'} Mood */

/** @type {Record<Mood, string>} */
const WORDS = {
  idle: "",
  asking: "Please allow the microphone",
  connecting: "Connecting…",
  listening: "Listening",
  user: "You are speaking",
  thinking: "Thinking",
  speaking: "Speaking",
  ducked: "Speaking, and listening to you",
  holding: "Waiting for you",
  tool: "Looking something up",
  lost: "Reconnecting…",
};
/** What is heard of somebody who is not answered, beside what the agent does. @type {Partial<Record<Mood, string>>} */
const NOT_YOU = { listening: "Not you", speaking: "Speaking · not you", ducked: "Speaking · not you" };
/** A voice is judged anew at least this often, in ms, while it goes on. */
const JUDGED_MS = 1200;
/** Speech lies around 0.1 on the browser's linear scale. */
const LOUD = 0.25;

export class Presence {
  #root;
  #word;
  /** @type {Mood} */
  mood = "idle";
  muted = false;
  #stranger = false;
  #judged = 0;

  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} word
   */
  constructor(root, word) {
    this.#root = root;
    this.#word = word;
  }

  /** @param {Mood} mood */
  enter(mood) {
    this.mood = mood;
    this.draw();
  }

  /** @param {import("./wire.js").WireEvent} event `duplex.state` */
  apply({ user, agent }) {
    if (agent === "speaking" || agent === "ducked") return this.enter(agent);
    // The agent thinks ahead in every pause; that is not yet its turn.
    this.enter(user === "silent" ? agent : "user");
  }

  /** @param {import("./wire.js").WireEvent} event `duplex.speaker` */
  heard({ verdict }) {
    if (verdict === "unsure") return;
    clearTimeout(this.#judged);
    this.#stranger = verdict === "other";
    if (this.#stranger) this.#judged = setTimeout(() => this.heard({ type: "", verdict: "user" }), JUDGED_MS);
    this.draw();
  }

  draw() {
    this.#root.dataset.mood = this.mood;
    const notYou = (this.#stranger && NOT_YOU[this.mood]) || "";
    this.#root.classList.toggle("stranger", notYou !== "");
    const listening = this.mood === "listening" && this.muted;
    this.#word.textContent = listening ? "You are muted" : notYou || WORDS[this.mood];
  }

  /** @param {import("./vitals.js").Vitals} vitals */
  level({ user, agent }) {
    const level = this.mood === "speaking" || this.mood === "ducked" ? agent : user;
    this.#root.style.setProperty("--level", Math.sqrt(Math.min(1, level / LOUD)).toFixed(2));
  }
}
