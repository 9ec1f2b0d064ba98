// @openai/agents-realtime, on whichever of its transports: the agent, what is noted of its session, and the third act.

import { RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime';

const ASKED = 'What is the weather like in Paris?';

/** Events that the package has a schema for; one that does not fit is dropped without a word. */
const KNOWN = [
  'conversation.item.added',
  'conversation.item.deleted',
  'conversation.item.done',
  'conversation.item.input_audio_transcription.completed',
  'conversation.item.input_audio_transcription.delta',
  'conversation.item.retrieved',
  'conversation.item.truncated',
  'input_audio_buffer.committed',
  'input_audio_buffer.speech_started',
  'input_audio_buffer.speech_stopped',
  'output_audio_buffer.cleared',
  'output_audio_buffer.started',
  'output_audio_buffer.stopped',
  'rate_limits.updated',
  'response.content_part.added',
  'response.content_part.done',
  'response.created',
  'response.done',
  'response.function_call_arguments.delta',
  'response.function_call_arguments.done',
  'response.output_audio.delta',
  'response.output_audio.done',
  'response.output_audio_transcript.delta',
  'response.output_audio_transcript.done',
  'response.output_item.added',
  'response.output_item.done',
  'session.created',
  'session.updated',
];

/** A session and what happened in it. */
export class Call {
  events = [];
  errors = [];
  calls = [];
  #came = new Map();
  #understood = new Map();

  constructor(transport, until, weather, result, instructions) {
    this.until = until;
    this.weather = weather;
    const getWeather = tool({
      name: weather.name,
      description: weather.description,
      parameters: weather.parameters,
      strict: true,
      execute: (given) => {
        this.calls.push(given);
        return result;
      },
    });
    const agent = new RealtimeAgent({ name: 'assistant', instructions, tools: [getWeather] });
    // The small model would call the tool for anything: it may only when it is told to.
    const config = { toolChoice: 'none' };
    this.session = new RealtimeSession(agent, { transport, model: 'gpt-realtime', config, tracingDisabled: true });
    this.session.on('error', ({ error }) => this.errors.push(String(error?.error?.error?.message ?? error?.error ?? error)));
    transport.on('*', (event) => {
      this.events.push({ ...event, at: performance.now() });
      this.#came.set(event.type, (this.#came.get(event.type) ?? 0) + 1);
    });
    for (const name of KNOWN) {
      transport.on(name, () => this.#understood.set(name, (this.#understood.get(name) ?? 0) + 1));
    }
  }

  /** Events of a kind that came and were dropped. */
  get dropped() {
    return KNOWN.filter((name) => (this.#came.get(name) ?? 0) !== (this.#understood.get(name) ?? 0));
  }

  named(name, since = 0) {
    return this.events.slice(since).filter((event) => event.type === name);
  }

  ended(status, since) {
    return this.named('response.done', since)
      .map((event) => event.response)
      .find((response) => response.status === status && response.output.length);
  }

  /** The id of the response that is being given. */
  get speaking() {
    const done = new Set(this.named('response.done').map((event) => event.response.id));
    return this.named('response.created')
      .map((event) => event.response.id)
      .findLast((id) => !done.has(id));
  }

  /** Lines of the session's own history: who, how it ended, and the words. */
  get history() {
    return this.session.history
      .filter((item) => item.type === 'message')
      .map(({ itemId, role, status, content }) => ({
        itemId,
        role,
        status,
        text: content.map((part) => part.transcript ?? part.text ?? '').join(' '),
      }));
  }

  line(itemId) {
    return this.history.find((line) => line.itemId === itemId);
  }

  async turn(say) {
    const since = this.events.length;
    say();
    const response = await this.until(() => this.ended('completed', since), 'an answer to the question');
    const heard = await this.until(
      () => this.named('conversation.item.input_audio_transcription.completed', since)[0],
      "the user's words",
    );
    const user = await this.until(() => this.line(heard.item_id)?.text && this.line(heard.item_id), 'a line of the user');
    return { id: response.id, heard: user.text, said: this.line(response.output[0].id)?.text };
  }

  async tool() {
    const since = this.events.length;
    const { transport } = this.session;
    transport.sendMessage(ASKED, {}, { triggerResponse: false });
    transport.requestResponse({ tool_choice: { type: 'function', name: this.weather.name } });
    const given = await this.until(() => this.calls[0], 'a function call');
    const spoken = () =>
      this.named('response.done', since)
        .map((event) => event.response)
        .find((response) => response.status === 'completed' && response.output.some((item) => item.type === 'message'));
    const answer = await this.until(spoken, "an answer with the function's result");
    const item = answer.output.find((one) => one.type === 'message');
    await this.until(() => this.line(item.id)?.text, 'its line in the history');
    return { name: this.weather.name, arguments: JSON.stringify(given), said: this.line(item.id).text };
  }
}
