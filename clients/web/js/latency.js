// Where the milliseconds went: the records of `duplex.latency`, kept and counted. Pure.

/**
 * @typedef {{name: string, start_ms: number, end_ms: number}} Stage
 * @typedef {{kind: 'reply' | 'stop', number: number, total: number, stages: Stage[]}} Turn
 */

/** How many replies, and how many stops, are shown. */
const REPLIES = 6;
const STOPS = 3;

export class Latency {
  /** @type {Record<'reply' | 'stop', Turn[]>} */
  #turns = { reply: [], stop: [] };

  /** @param {import("./wire.js").WireEvent} event `duplex.latency` */
  add(event) {
    const kind = event.kind === "stop" ? "stop" : "reply";
    const turns = this.#turns[kind];
    turns.push({ kind, number: turns.length + 1, total: event.turn_ms, stages: event.stages });
  }

  /**
   * The last turns of a kind, the latest first.
   * @param {'reply' | 'stop'} kind
   * @returns {Turn[]}
   */
  last(kind) {
    return this.#turns[kind].slice(kind === "reply" ? -REPLIES : -STOPS).reverse();
  }

  /**
   * The median of all turns of a kind, in ms, and how many there were.
   * @param {'reply' | 'stop'} kind
   * @returns {{p50: number, count: number}} p50 is NaN before the first
   */
  median(kind) {
    const totals = this.#turns[kind].map((turn) => turn.total).sort((a, b) => a - b);
    const middle = totals.length >> 1;
    const p50 = totals.length % 2 ? totals[middle] : (totals[middle - 1] + totals[middle]) / 2;
    return { p50, count: totals.length };
  }

  /** The names of all stages shown, in the order in which they begin. */
  stages() {
    /** @type {Map<string, number>} */
    const begins = new Map();
    for (const turn of [...this.last("reply"), ...this.last("stop")]) {
      for (const { name, start_ms } of turn.stages) if (!begins.has(name)) begins.set(name, start_ms);
    }
    return [...begins.keys()];
  }
}

/**
 * Stages that overlap lie side by side: for each, the lane that it runs in.
 * @param {Stage[]} stages
 * @returns {number[]}
 */
export function lanes(stages) {
  /** @type {number[]} */
  const ends = [];
  return stages.map(({ start_ms, end_ms }) => {
    let lane = ends.findIndex((end) => end <= start_ms);
    if (lane < 0) lane = ends.length;
    ends[lane] = end_ms;
    return lane;
  });
}
