// What the page says on the wire: the OpenAI Realtime API's events, and ours under `duplex.`.

/**
 * One event of the wire, either way. Fields beside `type` depend on it.
 * @typedef {{type: string, [field: string]: any}} WireEvent
 */

/**
 * A turn as it was heard: what a new call has to know of an old one.
 * @typedef {{id: string, who: 'user' | 'agent', text: string}} HeardTurn
 */

/**
 * The first event on every channel: what this client does by itself.
 * @param {boolean} ducks whether it can play more softly (iOS lets no page change the volume)
 * @returns {WireEvent}
 */
export function hello(ducks) {
  return { type: "duplex.hello", ducks, reports_playback: true };
}

/**
 * A turn that is typed, and wants an answer.
 * @param {string} id
 * @param {string} text
 * @returns {WireEvent[]}
 */
export function typedTurn(id, text) {
  return [created({ id, who: "user", text }), { type: "response.create" }];
}

/**
 * An earlier call's conversation, for the server of a new one.
 * @param {HeardTurn[]} turns
 * @returns {WireEvent[]}
 */
export function replay(turns) {
  return turns.map(created);
}

/**
 * @param {HeardTurn} turn
 * @returns {WireEvent}
 */
function created({ id, who, text }) {
  const user = who === "user";
  return {
    type: "conversation.item.create",
    item: {
      id,
      type: "message",
      role: user ? "user" : "assistant",
      content: [{ type: user ? "input_text" : "output_text", text }],
    },
  };
}

/** A name for something of ours, unique within all calls of this page. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return "item_" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
