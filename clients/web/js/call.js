// A call: one connection after another, and a conversation that outlives them.

import { Peer } from "./peer.js";
import { CallProblem } from "./problems.js";
import { hello } from "./wire.js";

/**
 * @typedef {import("./wire.js").WireEvent} WireEvent
 * @typedef {'connecting' | 'connected' | 'lost' | 'ended'} CallState
 */

const BACK_OFF_MS = [300, 1000, 2000, 4000, 8000, 10_000];

/**
 * @typedef {object} CallOptions
 * @property {import("./key.js").Key} key
 * @property {boolean} ducks
 * @property {() => WireEvent[]} opening what a new connection's server has to be told
 * @property {(event: WireEvent) => void} onEvent
 * @property {(peer: Peer) => void} onPeer a connection stands: its sound may be played
 * @property {(state: CallState, problem: CallProblem | null) => void} onState
 */

export class Call {
  /** @type {Peer | null} */
  #peer = null;
  #microphone = /** @type {MediaStreamTrack | null} */ (null);
  #camera = /** @type {MediaStreamTrack | null} */ (null);
  /** @type {() => void} */
  #hurry = () => {};
  /** @type {CallState} */
  state = "connecting";

  /** @param {CallOptions} options */
  constructor(options) {
    this.options = options;
  }

  /**
   * @param {MediaStreamTrack | null} microphone
   * @throws {CallProblem} if the first connection does not come about
   */
  async start(microphone) {
    this.#microphone = microphone;
    try {
      await this.#connect();
    } catch (error) {
      if (this.state !== "ended") this.#enter("ended");
      throw error;
    }
  }

  async #connect() {
    const { key } = this.options;
    const peer = new Peer({
      microphone: this.#microphone,
      camera: this.#camera,
      headers: await key.header(),
      onEvent: (event) => this.#received(peer, event),
      onLost: () => this.#lost(),
    });
    try {
      await peer.open();
    } catch (error) {
      if (error instanceof CallProblem && error.kind === "key") key.forget();
      throw error;
    }
    if (this.state === "ended") return peer.close();
    this.#peer = peer;
    // Devices may have changed while the connection was made.
    await Promise.all([peer.audio.sender.replaceTrack(this.#microphone), peer.video.sender.replaceTrack(this.#camera)]);
    peer.send(hello(this.options.ducks));
    this.options.onPeer(peer);
    this.#enter("connected");
  }

  /**
   * @param {Peer} peer
   * @param {WireEvent} event
   */
  #received(peer, event) {
    if (event.type === "session.created") this.options.opening().forEach((told) => peer.send(told));
    this.options.onEvent(event);
  }

  #lost() {
    this.#peer = null;
    if (this.state !== "connected") return;
    this.#enter("lost");
    this.#comeBack();
  }

  async #comeBack() {
    for (let attempt = 0; this.state === "lost"; attempt++) {
      await this.#pause(BACK_OFF_MS[Math.min(attempt, BACK_OFF_MS.length - 1)]);
      if (this.state !== "lost") return;
      try {
        await this.#connect();
      } catch (error) {
        const problem = error instanceof CallProblem ? error : new CallProblem("unreachable", String(error));
        const hopeless = problem.kind === "key" ? !this.options.key.held : problem.kind === "refused";
        if (this.state === "lost") this.#enter(hopeless ? "ended" : "lost", problem);
      }
    }
  }

  /**
   * @param {number} delay in ms, cut short by `retry` and by the network coming back
   * @returns {Promise<void>}
   */
  #pause(delay) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#hurry(), delay);
      this.#hurry = () => {
        clearTimeout(timer);
        removeEventListener("online", this.#hurry);
        resolve();
      };
      addEventListener("online", this.#hurry);
    });
  }

  /** Try to come back now, without waiting for the next time. */
  retry() {
    this.#hurry();
  }

  /**
   * @param {CallState} state
   * @param {CallProblem | null} [problem]
   */
  #enter(state, problem = null) {
    this.state = state;
    this.options.onState(state, problem);
  }

  /**
   * @param {WireEvent} event
   * @returns {boolean} whether it was sent: not while the connection is lost
   */
  send(event) {
    return this.#peer?.send(event) ?? false;
  }

  /** @param {MediaStreamTrack | null} track */
  async useMicrophone(track) {
    this.#microphone = track;
    await this.#peer?.audio.sender.replaceTrack(track);
  }

  /** @param {MediaStreamTrack | null} track */
  async useCamera(track) {
    this.#camera = track;
    await this.#peer?.video.sender.replaceTrack(track);
  }

  end() {
    if (this.state === "ended") return;
    this.#peer?.close();
    this.#peer = null;
    this.#enter("ended");
    this.#hurry();
  }
}
