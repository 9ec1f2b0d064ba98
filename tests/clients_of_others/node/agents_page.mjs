// @openai/agents-realtime in a browser, over WebRTC: its own microphone and loudspeaker. The test drives it by `start`.

import { OpenAIRealtimeWebRTC } from '@openai/agents-realtime';

import { Call } from './agents.mjs';

const PATIENCE_MS = 60_000;
const LOUD = 0.006;

async function until(condition, what) {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = condition();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`${PATIENCE_MS / 1000} s passed without ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Listens to what an audio element plays: [when, whether it was loud], every 20 ms. */
function listen(element) {
  const heard = [];
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  const samples = new Float32Array(analyser.fftSize);
  let source;
  setInterval(() => {
    if (!source && element.srcObject) {
      source = context.createMediaStreamSource(element.srcObject);
      source.connect(analyser);
    }
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    heard.push([performance.now(), Math.sqrt(power) > LOUD]);
  }, 20);
  return heard;
}

/** One call: question, interrupted request (both come from the microphone in their own time), then the tool. */
globalThis.start = async ({ url, key, weather, result, instructions }) => {
  const element = document.querySelector('audio');
  const heard = listen(element);
  const sound = (first, last) =>
    heard.filter(([when, loud]) => loud && when >= first && when <= last).length / 50;
  const transport = new OpenAIRealtimeWebRTC({ baseUrl: `${url}/v1/realtime/calls`, audioElement: element });
  const call = new Call(transport, until, weather, result, instructions);
  globalThis.seen = call;
  await call.session.connect({ apiKey: key });

  const turn = await call.turn(() => {});
  const started = call.named('output_audio_buffer.started')[0];
  const stopped = await until(() => call.named('output_audio_buffer.stopped')[0], "the end of the answer's sound");
  turn.sounded_s = sound(started.at, stopped.at);

  const since = call.events.length;
  // A response may be complete long before it was heard; what is cut is its sound.
  const cleared = await until(() => call.named('output_audio_buffer.cleared', since)[0], 'a cleared buffer');
  const over = call.events.length;
  const truncated = await until(() => call.named('conversation.item.truncated', since)[0], 'what was heard of it');
  const answer = await until(() => call.ended('completed', over), 'an answer to the interruption');
  await until(() => call.named('output_audio_buffer.stopped', over)[0], "the end of that answer's sound");
  const began = call.named('output_audio_buffer.started', since);
  const following = began.find((event) => event.at > cleared.at).at;
  const interruption = {
    same: began[0].response_id === cleared.response_id,
    heard_ms: truncated.audio_end_ms,
    sounded_s: sound(began[0].at, cleared.at),
    lasted_s: (cleared.at - began[0].at) / 1000,
    silent_s: (following - cleared.at) / 1000 - 0.3,
    sound_after_s: sound(cleared.at + 300, following),
    history: call.line(truncated.item_id)?.text,
    said: call.line(answer.output[0].id)?.text,
  };
  const tool = await call.tool();
  call.session.close();
  return { turn, interruption, tool, dropped: call.dropped, errors: call.errors };
};
