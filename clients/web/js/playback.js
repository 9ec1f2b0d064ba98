// The agent's voice in this page: muted at once when a reply is cut, softer while the user may be interrupting, and
// reported to the server as it becomes audible, so that the conversation remembers what was heard and nothing else.

/** @typedef {import("./wire.js").WireEvent} WireEvent */

const REPORT_MS = 100;
/** The server's "stopped" says that everything was sent; this much later it has been heard. */
const TAIL_MS = 800;
const RAMP_STEPS = 4;
const RAMP_STEP_MS = 15;
/** Packets of a cut reply may reach the page this much later than the event that silences it. */
const STRAGGLERS_MS = 40;

export class Playback {
  #audio;
  #send;
  #vitals;
  /** @type {RTCRtpReceiver | null} */
  #receiver = null;
  #volume = 1;
  #gain = 1;
  #reporting = 0;
  #tail = 0;
  #ramp = 0;
  #unmute = 0;
  #cutAt = -Infinity;
  #cutResponse = "";

  /**
   * @param {HTMLAudioElement} audio
   * @param {(event: WireEvent) => void} send
   * @param {import("./vitals.js").Vitals} vitals
   */
  constructor(audio, send, vitals) {
    this.#audio = audio;
    this.#send = send;
    this.#vitals = vitals;
  }

  /** Whether this browser lets a page play more softly (iOS does not). */
  static get ducks() {
    const probe = new Audio();
    probe.volume = 0.5;
    return probe.volume === 0.5;
  }

  /**
   * Play what comes over a new connection.
   * @param {RTCRtpReceiver} receiver
   * @returns {Promise<void>} rejected if the browser wants a gesture first
   */
  attach(receiver) {
    this.detach();
    this.#receiver = receiver;
    this.#audio.srcObject = new MediaStream([receiver.track]);
    return this.#audio.play();
  }

  detach() {
    this.#stopReporting();
    clearTimeout(this.#unmute);
    this.#receiver = null;
    this.#audio.srcObject = null;
    this.#audio.muted = false;
    this.#cutAt = -Infinity;
    this.#cutResponse = "";
    this.#fade(1, true);
  }

  /** @param {WireEvent} event */
  apply(event) {
    switch (event.type) {
      case "output_audio_buffer.started":
        return this.#started(event.response_id);
      case "output_audio_buffer.stopped":
        this.#tail = setTimeout(() => this.#stopReporting(), TAIL_MS);
        return undefined;
      case "output_audio_buffer.cleared":
      case "duplex.clear":
        return this.#cut(event.response_id);
      case "duplex.duck":
        return this.#fade(10 ** (event.gain_db / 20));
      case "duplex.unduck":
        return this.#fade(1);
    }
  }

  /** @param {string} response */
  #started(response) {
    if (response === this.#cutResponse) return;
    clearTimeout(this.#tail);
    clearInterval(this.#reporting);
    this.#reporting = setInterval(() => this.#report(), REPORT_MS);
    if (!this.#audio.muted) return;
    // What was cut still lies in the browser's buffer. The new reply goes through the same buffer after it, so to
    // wait until the old sound has run out takes nothing from the new.
    const drained = this.#cutAt + this.#vitals.jitterMs + STRAGGLERS_MS;
    clearTimeout(this.#unmute);
    this.#unmute = setTimeout(() => (this.#audio.muted = false), Math.max(0, drained - performance.now()));
  }

  /** @param {string} response */
  #cut(response) {
    this.#audio.muted = true;
    clearTimeout(this.#unmute);
    if (response === this.#cutResponse) return;
    this.#cutResponse = response;
    this.#cutAt = performance.now();
    this.#report();
    this.#stopReporting();
    this.#fade(1, true);
  }

  #stopReporting() {
    clearInterval(this.#reporting);
    clearTimeout(this.#tail);
  }

  /** Which sample has just left for the speaker, and how much later it leaves that. */
  #report() {
    const source = this.#receiver?.getSynchronizationSources()[0];
    if (!source) return;
    // Some browsers count from 1970, others from the page's start.
    const at = source.timestamp > performance.timeOrigin / 2 ? source.timestamp - performance.timeOrigin : source.timestamp;
    const latency = this.#vitals.outputMs - (performance.now() - at);
    this.#send({
      type: "duplex.playback",
      rtp_timestamp: source.rtpTimestamp,
      latency_ms: Math.max(0, Math.round(latency)),
    });
  }

  /** @param {number} volume in [0, 1] */
  set volume(volume) {
    this.#volume = volume;
    this.#audio.volume = this.#volume * this.#gain;
  }

  /**
   * @param {number} gain
   * @param {boolean} [atOnce]
   */
  #fade(gain, atOnce = document.hidden) {
    clearInterval(this.#ramp);
    const from = this.#gain;
    let step = atOnce ? RAMP_STEPS - 1 : 0;
    const take = () => {
      step++;
      this.#gain = from + ((gain - from) * step) / RAMP_STEPS;
      this.#audio.volume = this.#volume * this.#gain;
      if (step === RAMP_STEPS) clearInterval(this.#ramp);
    };
    take();
    if (step < RAMP_STEPS) this.#ramp = setInterval(take, RAMP_STEP_MS);
  }

  /**
   * @param {string} deviceId "" is the system's choice
   * @returns {Promise<void>}
   */
  async useSpeaker(deviceId) {
    if (Playback.choosesSpeaker) await this.#audio.setSinkId(deviceId);
  }

  /** Whether this browser lets a page choose the loudspeaker. */
  static get choosesSpeaker() {
    return "setSinkId" in HTMLMediaElement.prototype;
  }
}
