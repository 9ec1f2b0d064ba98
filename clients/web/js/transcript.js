// What was said, as the wire tells it. Pure: events in, entries out; the view draws them.
//
// The user's words are shown as they are understood, the agent's as they are heard. A reply takes its place when its
// first word is heard, the user's turn when its first word is understood.

/**
 * @typedef {import("./wire.js").WireEvent} WireEvent
 * @typedef {import("./wire.js").HeardTurn} HeardTurn
 */

/**
 * @typedef {object} Entry
 * @property {string} id the item's id on the wire
 * @property {'user' | 'agent' | 'note'} who
 * @property {'' | 'command' | 'speaker' | 'notice'} kind of a note
 * @property {string} text words that stand: the user's stable ones, the agent's heard ones
 * @property {string} rest words that do not (yet): the user's tentative ones, the agent's unheard ones
 * @property {'live' | 'whole' | 'cut' | 'lost'} state cut by the user, lost with the connection
 * @property {boolean} shown whether it has its place
 * @property {number} touched when it last changed, in ms
 * @property {number} version counts its changes
 */

/** An open turn of the user that nothing was heard of for this long, in ms, while nobody speaks, was none. */
const FORGOTTEN_MS = 3000;

const STRANGER = "Another voice, not answered";
/** @type {Record<string, string>} */
const COMMANDS = { stop: "Stopped", wait: "Waiting until you go on", change_topic: "New topic" };

/**
 * `rest` as it follows on `text`: with the space that parts two words.
 * @param {string} text
 * @param {string} rest
 */
function apart(text, rest) {
  return text && rest && !/\s$/.test(text) && !/^\s/.test(rest) ? ` ${rest}` : rest;
}

export class Transcript {
  /** @type {Entry[]} in the order of their places */
  entries = [];
  /** @type {Map<string, Entry>} */
  #known = new Map();
  #userSpeaks = false;
  #stranger = false;
  #notes = 0;

  /**
   * @param {WireEvent} event
   * @param {number} now in ms
   */
  apply(event, now) {
    switch (event.type) {
      case "duplex.user.words":
        return this.#user(event.item_id, { text: event.stable, rest: apart(event.stable, event.tentative) }, now);
      case "conversation.item.input_audio_transcription.completed":
        return this.#said(event.item_id, event.transcript, now);
      case "input_audio_buffer.committed":
        return this.#said(event.item_id, null, now);
      case "conversation.item.added":
      case "conversation.item.done":
        return this.#item(event.item, now);
      case "conversation.item.deleted":
        return this.#deleted(event.item_id);
      case "response.output_audio_transcript.delta":
        return this.#planned(event.item_id, event.delta, now);
      case "duplex.heard":
        return this.#heard(event, now);
      case "duplex.state":
        this.#userSpeaks = event.user !== "silent";
        if (!this.#userSpeaks && this.#stranger) this.#drop(() => true);
        return undefined;
      case "duplex.command":
        return this.note("command", COMMANDS[event.command] ?? event.command, now);
      case "duplex.speaker":
        return this.#speaker(event.verdict, now);
      case "duplex.notice":
        return this.note("notice", event.text, now);
    }
  }

  /**
   * A typed turn stands as soon as it is sent.
   * @param {string} id
   * @param {string} text
   * @param {number} now
   */
  typed(id, text, now) {
    this.#user(id, { text, rest: "", state: "whole" }, now);
  }

  /**
   * @param {'command' | 'speaker' | 'notice'} kind
   * @param {string} text
   * @param {number} now
   */
  note(kind, text, now) {
    this.#entry(`note_${++this.#notes}`, "note", { kind, text, state: "whole" }, now);
  }

  /**
   * The connection is gone: what was being said ends where it was.
   * @param {number} now
   */
  broken(now) {
    for (const entry of this.#known.values()) {
      if (entry.state !== "live") continue;
      if (entry.who === "agent") this.#entry(entry.id, "agent", { state: "lost" }, now);
      else this.#said(entry.id, null, now);
    }
    this.#userSpeaks = false;
  }

  /**
   * Drops turns that were opened and never became any.
   * @param {number} now
   */
  prune(now) {
    if (!this.#userSpeaks) this.#drop((entry) => now - entry.touched > FORGOTTEN_MS);
  }

  /**
   * The user's open turns that `fits` holds of were none.
   * @param {(entry: Entry) => boolean} fits
   */
  #drop(fits) {
    for (const entry of [...this.entries]) {
      if (entry.who === "user" && entry.state === "live" && fits(entry)) this.#deleted(entry.id);
    }
  }

  /**
   * The turns of both as they were heard, in order.
   * @returns {HeardTurn[]}
   */
  history() {
    return this.entries.flatMap(({ id, who, text, state }) =>
      who !== "note" && text.trim() && state !== "live" ? [{ id, who, text: text.trim() }] : [],
    );
  }

  /**
   * @param {string} id
   * @param {Entry["who"]} who
   * @param {Partial<Entry>} change
   * @param {number} now
   * @returns {Entry}
   */
  #entry(id, who, change, now) {
    let entry = this.#known.get(id);
    if (!entry) {
      entry = { id, who, kind: "", text: "", rest: "", state: "live", shown: false, touched: now, version: 0 };
      this.#known.set(id, entry);
    }
    Object.assign(entry, change, { touched: now, version: entry.version + 1 });
    const visible = entry.text || (entry.who === "user" && entry.rest);
    if (visible && !entry.shown) {
      entry.shown = true;
      this.entries.push(entry);
    }
    return entry;
  }

  /**
   * @param {string} id
   * @param {Partial<Entry>} change
   * @param {number} now
   */
  #user(id, change, now) {
    // Words that come after the turn was closed are older than its final transcript.
    if (this.#known.get(id)?.state === "whole") return;
    this.#entry(id, "user", change, now);
  }

  /**
   * @param {string} id
   * @param {string | null} transcript null: the words so far are all that there is, for now
   * @param {number} now
   */
  #said(id, transcript, now) {
    const known = this.#known.get(id);
    const text = transcript ?? (known ? known.text + known.rest : "");
    if (text.trim()) this.#entry(id, "user", { text, rest: "", state: "whole" }, now);
    else if (transcript !== null) this.#deleted(id);
  }

  /**
   * @param {{id: string, type: string, role?: string, content?: {type: string, text?: string, transcript?: string}[]}} item
   * @param {number} now
   */
  #item(item, now) {
    if (item.type !== "message" || item.role !== "user") return;
    const text = (item.content ?? []).map((part) => part.text ?? part.transcript ?? "").join(" ");
    if (text.trim()) this.#said(item.id, text, now);
  }

  /** @param {string} id */
  #deleted(id) {
    this.#known.delete(id);
    this.entries = this.entries.filter((entry) => entry.id !== id);
  }

  /**
   * @param {string} id
   * @param {string} delta
   * @param {number} now
   */
  #planned(id, delta, now) {
    const entry = this.#entry(id, "agent", {}, now);
    if (entry.state === "live") entry.rest += delta;
  }

  /**
   * @param {WireEvent} event `duplex.heard`
   * @param {number} now
   */
  #heard({ item_id, transcript, done, cut }, now) {
    const before = this.#known.get(item_id);
    const planned = before ? before.text + before.rest : "";
    const rest = planned.startsWith(transcript) ? planned.slice(transcript.length) : "";
    const state = cut ? "cut" : done ? "whole" : "live";
    const entry = this.#entry(item_id, "agent", { text: transcript, rest, state }, now);
    // Cut before its first word: nothing was said, and nothing is shown.
    if (cut && !entry.shown) this.#deleted(item_id);
  }

  /**
   * @param {'user' | 'other' | 'unsure'} verdict
   * @param {number} now
   */
  #speaker(verdict, now) {
    const stranger = verdict === "other";
    // Once a stretch: a voice that is doubtful in between is still the same one.
    const told = this.entries.at(-1)?.text === STRANGER;
    if (stranger && !this.#stranger && !told) this.note("speaker", STRANGER, now);
    if (verdict !== "unsure") this.#stranger = stranger;
  }
}
