// Injected into the page by the browser bench: records the microphone and the agent on one clock, notes when the page
// mutes or ducks, and every event of the wire, with its time on that clock.
(() => {
  const WORKLET = `
    registerProcessor("tap", class extends AudioWorkletProcessor {
      constructor() { super(); this.mic = new Float32Array(4800); this.ear = new Float32Array(4800); this.n = 0; this.first = currentFrame; }
      process(inputs) {
        if (this.n === 0) this.first = currentFrame;
        if (inputs[0][0]) this.mic.set(inputs[0][0], this.n);
        if (inputs[1][0]) this.ear.set(inputs[1][0], this.n);
        this.n += 128;
        if (this.n >= 4736) {
          this.port.postMessage({ first: this.first, mic: this.mic.slice(0, this.n), ear: this.ear.slice(0, this.n) });
          this.mic.fill(0); this.ear.fill(0); this.n = 0;
        }
        return true;
      }
    });`;
  const tap = { context: null, node: null, events: [], gains: [], wall: [] };
  const now = () => (tap.context ? tap.context.currentTime : 0);
  const base64 = (samples) => {
    const pcm = new Int16Array(samples.length);
    for (let i = 0; i < samples.length; i++) pcm[i] = Math.max(-1, Math.min(1, samples[i])) * 32767;
    let text = "";
    const bytes = new Uint8Array(pcm.buffer);
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(text);
  };
  const start = async () => {
    if (tap.context) return tap.starting;
    tap.context = new AudioContext({ sampleRate: 48000 });
    tap.starting = (async () => {
      await tap.context.audioWorklet.addModule(URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" })));
      tap.node = new AudioWorkletNode(tap.context, "tap", { numberOfInputs: 2, numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
      tap.node.port.onmessage = ({ data }) => {
        tap.wall.push([performance.now() / 1000, data.first]);
        window.colloquyTap(data.first, base64(data.mic), base64(data.ear));
      };
    })();
    return tap.starting;
  };
  const connect = async (stream, input) => {
    await start();
    tap.context.createMediaStreamSource(stream).connect(tap.node, 0, input);
  };
  const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    await start();
    const stream = await getUserMedia(constraints);
    if (stream.getAudioTracks().length) connect(new MediaStream(stream.getAudioTracks()), 0);
    return stream;
  };
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...options) {
      super(...options);
      this.addEventListener("track", ({ track }) => { if (track.kind === "audio") connect(new MediaStream([track]), 1); });
    }
    createDataChannel(...options) {
      const channel = super.createDataChannel(...options);
      channel.addEventListener("message", ({ data }) => tap.events.push([now(), data]));
      return channel;
    }
  };
  const level = ({ target }) => {
    if (target instanceof HTMLMediaElement) tap.gains.push([now(), target.muted ? 0 : target.volume]);
  };
  window.addEventListener("volumechange", level, true);
  window.colloquyTapped = () => {
    const { events, gains, wall } = tap;
    tap.events = []; tap.gains = []; tap.wall = [];
    return { events, gains, wall };
  };
})();
