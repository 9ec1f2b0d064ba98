// What the browser measures of a connection: levels for the orb, delays for the reports. Read ten times a second.

const READ_MS = 100;
/** Before the first measurement. */
const LIKELY_JITTER_MS = 80;

export class Vitals {
  /** How long sound waits in the browser's receive buffer, in ms. */
  jitterMs = LIKELY_JITTER_MS;
  /** How long sound takes from there to the loudspeaker, in ms; 0 where the browser does not say. */
  outputMs = 0;
  /** Loudness of the microphone and of the agent, in [0, 1]. */
  user = 0;
  agent = 0;

  #timer = 0;
  /** @type {Map<string, {sum: number, count: number}>} */
  #before = new Map();

  /** @param {(vitals: Vitals) => void} onRead */
  constructor(onRead) {
    this.onRead = onRead;
  }

  /** @param {import("./peer.js").Peer} peer */
  watch(peer) {
    this.stop();
    let reading = false;
    this.#timer = setInterval(async () => {
      if (reading) return;
      reading = true;
      // A connection that has just been closed may refuse; there will be no next time.
      await peer.stats().then((report) => this.#read(report), () => {});
      reading = false;
    }, READ_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#before.clear();
    this.user = this.agent = 0;
    this.onRead(this);
  }

  /** @param {RTCStatsReport} report */
  #read(report) {
    report.forEach((stats) => {
      if (stats.type === "media-source" && stats.kind === "audio") this.user = stats.audioLevel ?? 0;
      if (stats.type === "inbound-rtp" && stats.kind === "audio") {
        this.agent = stats.audioLevel ?? 0;
        this.jitterMs = this.#mean(stats.id, stats.jitterBufferDelay, stats.jitterBufferEmittedCount) ?? this.jitterMs;
      }
      if (stats.type === "media-playout") {
        this.outputMs = this.#mean(stats.id, stats.totalPlayoutDelay, stats.totalSamplesCount) ?? this.outputMs;
      }
    });
    this.onRead(this);
  }

  /**
   * The mean since the last reading of a total that grows with a count.
   * @param {string} id
   * @param {number} sum in s
   * @param {number} count
   * @returns {number | null} in ms; null if nothing was added
   */
  #mean(id, sum, count) {
    const before = this.#before.get(id) ?? { sum: 0, count: 0 };
    this.#before.set(id, { sum, count });
    return count > before.count ? (1000 * (sum - before.sum)) / (count - before.count) : null;
  }
}
