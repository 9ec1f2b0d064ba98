// One WebRTC connection to the server, from offer to loss. What to do about a loss is the call's affair.

import { CallProblem, refusal } from "./problems.js";

/** @typedef {import("./wire.js").WireEvent} WireEvent */

const GATHER_MS = 1000;
const CONNECT_MS = 10_000;
/** A connection that is silent for this long, after the browser has noticed, is given up. */
const SILENT_MS = 1500;

/**
 * @typedef {object} PeerOptions
 * @property {MediaStreamTrack | null} microphone
 * @property {MediaStreamTrack | null} camera
 * @property {Record<string, string>} headers
 * @property {(event: WireEvent) => void} onEvent
 * @property {() => void} onLost called once, never after `close`
 */

export class Peer {
  #pc = new RTCPeerConnection();
  #channel = this.#pc.createDataChannel("oai-events");
  #silent = 0;
  #over = false;

  /** @param {PeerOptions} options */
  constructor(options) {
    this.options = options;
    this.audio = this.#pc.addTransceiver(options.microphone ?? "audio", { direction: "sendrecv" });
    // Offered from the start, so that a camera can be turned on without a new offer.
    this.video = this.#pc.addTransceiver(options.camera ?? "video", { direction: "sendonly" });
    this.#channel.onmessage = ({ data }) => options.onEvent(JSON.parse(data));
    this.#channel.onclose = () => this.#lost();
    this.#pc.onconnectionstatechange = () => this.#changed();
  }

  /** @throws {CallProblem} */
  async open() {
    try {
      await this.#pc.setLocalDescription();
      await gathered(this.#pc);
      const answer = await this.#exchange(/** @type {RTCSessionDescription} */ (this.#pc.localDescription).sdp);
      await this.#pc.setRemoteDescription({ type: "answer", sdp: answer });
      await this.#opened();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * @param {string} offer
   * @returns {Promise<string>} the answer
   */
  async #exchange(offer) {
    let response;
    try {
      response = await fetch("v1/realtime/calls", {
        method: "POST",
        headers: { ...this.options.headers, "Content-Type": "application/sdp" },
        body: offer,
        signal: AbortSignal.timeout(CONNECT_MS),
      });
    } catch {
      throw new CallProblem("unreachable");
    }
    if (!response.ok) throw await refusal(response);
    return response.text();
  }

  /** @returns {Promise<void>} */
  #opened() {
    if (this.#channel.readyState === "open") return Promise.resolve();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new CallProblem("no-path")), CONNECT_MS);
      this.#channel.addEventListener("open", () => {
        clearTimeout(late);
        resolve();
      });
      this.#channel.addEventListener("close", () => {
        clearTimeout(late);
        reject(new CallProblem("no-path"));
      });
    });
  }

  #changed() {
    clearTimeout(this.#silent);
    const state = this.#pc.connectionState;
    if (state === "failed" || state === "closed") this.#lost();
    else if (state === "disconnected") this.#silent = setTimeout(() => this.#lost(), SILENT_MS);
  }

  #lost() {
    if (this.#over) return;
    this.close();
    this.options.onLost();
  }

  /**
   * @param {WireEvent} event
   * @returns {boolean} whether it was sent
   */
  send(event) {
    if (this.#channel.readyState !== "open") return false;
    this.#channel.send(JSON.stringify(event));
    return true;
  }

  /** @returns {Promise<RTCStatsReport>} */
  stats() {
    return this.#pc.getStats();
  }

  close() {
    this.#over = true;
    clearTimeout(this.#silent);
    this.#pc.close();
  }
}

/**
 * The calls endpoint takes one whole offer, so its candidates are waited for; those of this machine come at once.
 * @param {RTCPeerConnection} pc
 * @returns {Promise<void>}
 */
function gathered(pc) {
  return new Promise((resolve) => {
    const done = () => pc.iceGatheringState === "complete" && resolve();
    pc.addEventListener("icegatheringstatechange", done);
    setTimeout(resolve, GATHER_MS);
    done();
  });
}
