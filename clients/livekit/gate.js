// For pages on livekit-client: silent within a few ms of the agent's decision to be silent.
//
// What has left the agent plays on for 60 to 80 ms in the browser's jitter buffer. The event of the cut comes much
// faster (topic "duplex"), so the page mutes what plays, until nothing of the cut reply can be left in it:
//
//     import { RoomEvent } from "livekit-client";
//     import { gate } from "./gate.js";
//     gate(room, RoomEvent);

const LEFTOVERS_MS = 150;

/**
 * @param {import("livekit-client").Room} room
 * @param {typeof import("livekit-client").RoomEvent} events
 * @returns {() => void} call it to stop
 */
export function gate(room, events) {
  const decoder = new TextDecoder();
  let timer = 0;

  const mute = (/** @type {boolean} */ muted, /** @type {any} */ agent) => {
    for (const publication of agent.audioTrackPublications.values()) {
      for (const element of publication.track?.attachedElements ?? []) element.muted = muted;
    }
  };
  const heard = (/** @type {Uint8Array} */ data, /** @type {any} */ agent, /** @type {any} */ _, /** @type {string} */ topic) => {
    if (topic !== "duplex" || !agent) return;
    const event = JSON.parse(decoder.decode(data));
    if (event.type === "duplex.clear") {
      mute(true, agent);
      clearTimeout(timer);
      timer = setTimeout(() => mute(false, agent), LEFTOVERS_MS);
    }
  };

  room.on(events.DataReceived, heard);
  return () => room.off(events.DataReceived, heard);
}
