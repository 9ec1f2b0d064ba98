// What lies outside a client: somebody who speaks on cue, a sound card's clock, and the report at the end.

import { readFileSync } from 'node:fs';

export const RATE = 24000;
const BLOCK_BYTES = (RATE / 50) * 2;
const WAV_HEADER = 44;
const PATIENCE_MS = 60_000;
const MOMENT_MS = 500;

export const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'Tells the weather in a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
};
export const RESULT = 'Sunny, 21 degrees.';
export const INSTRUCTIONS = 'You are a friendly voice assistant. Answer in one short sentence.';

/** A microphone that never stops: what is said, and silence between; 20 ms every 20 ms. */
export class Person {
  #clips;
  #unsaid = Buffer.alloc(0);
  #timer;

  constructor(clips) {
    this.#clips = clips;
  }

  say(clip) {
    const file = readFileSync(`${this.#clips}/${clip}.wav`);
    this.#unsaid = Buffer.concat([this.#unsaid, file.subarray(WAV_HEADER)]);
  }

  /** Hands int16 mono at 24 kHz to `take`, until `stop`. */
  start(take) {
    let due = performance.now();
    this.#timer = setInterval(() => {
      for (; due <= performance.now(); due += 20) {
        const block = Buffer.alloc(BLOCK_BYTES);
        this.#unsaid.copy(block, 0, 0, BLOCK_BYTES);
        this.#unsaid = this.#unsaid.subarray(BLOCK_BYTES);
        take(block);
      }
    }, 10);
  }

  stop() {
    clearInterval(this.#timer);
  }
}

/** Plays at the pace of real time, from the first sound of each reply (or item). */
export class Loudspeaker {
  #replies = new Map();

  push(id, bytes) {
    const reply = this.#replies.get(id) ?? { seconds: 0, began: performance.now() };
    reply.seconds += bytes / 2 / RATE;
    this.#replies.set(id, reply);
  }

  /** Seconds of sound that came. */
  received(id) {
    return this.#replies.get(id)?.seconds ?? 0;
  }

  /** Waits until all of it was played, and a moment of silence. */
  async over(id) {
    await until(() => this.played(id) === this.received(id), "the end of a reply's sound");
    await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
  }

  /** Seconds that were played so far. */
  played(id) {
    const reply = this.#replies.get(id);
    return reply ? Math.min(reply.seconds, (performance.now() - reply.began) / 1000) : 0;
  }
}

/** Waits for `condition` to give something, and returns it. */
export async function until(condition, what) {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = condition();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`${PATIENCE_MS / 1000} s passed without ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs the driver with what the command line says, and prints what it found as the last line: one JSON object. */
export async function run(driver) {
  const [url, key, clips] = process.argv.slice(2);
  try {
    console.log(JSON.stringify(await driver({ url, key, clips })));
    process.exit(0);
  } catch (problem) {
    console.error(problem);
    process.exit(1);
  }
}
