// The `openai` package for Node over a WebSocket (it insists on wss:).

import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';

import { INSTRUCTIONS, Loudspeaker, Person, RESULT, run, until, WEATHER } from './outside.mjs';

const SOUNDS_S = 1.2;

run(async ({ url, key, clips }) => {
  const person = new Person(clips);
  const loudspeaker = new Loudspeaker();
  const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1` });
  const connection = new OpenAIRealtimeWS({ model: 'gpt-realtime' }, client);
  const events = [];
  const errors = [];
  const items = new Map();

  const named = (name, since = 0) => events.slice(since).filter((event) => event.type === name);
  const ended = (status, since) =>
    named('response.done', since)
      .map((event) => event.response)
      .find((response) => response.status === status && response.output.length);
  const said = (response) =>
    response.output
      .flatMap((item) => item.content ?? [])
      .map((part) => part.transcript ?? '')
      .join(' ')
      .trim();
  const speaking = () => {
    const done = new Set(named('response.done').map((event) => event.response.id));
    return named('response.created')
      .map((event) => event.response.id)
      .findLast((id) => !done.has(id));
  };

  connection.on('error', (problem) => errors.push(problem.message));
  connection.on('event', (event) => events.push(event));
  connection.on('response.output_audio.delta', (event) => {
    loudspeaker.push(event.response_id, Buffer.from(event.delta, 'base64').length);
    items.set(event.response_id, event.item_id);
  });
  // What applications do here: silence their loudspeaker, and say how far it had come.
  connection.on('input_audio_buffer.speech_started', () => {
    const id = speaking();
    if (!items.has(id)) return;
    connection.send({
      type: 'conversation.item.truncate',
      item_id: items.get(id),
      content_index: 0,
      audio_end_ms: Math.floor(loudspeaker.played(id) * 1000),
    });
  });

  await until(() => errors.length || named('session.created').length, 'session.created');
  connection.send({
    type: 'session.update',
    session: {
      type: 'realtime',
      instructions: INSTRUCTIONS,
      audio: { input: { transcription: { model: 'gpt-4o-mini-transcribe' } } },
    },
  });
  await until(() => errors.length || named('session.updated').length, 'session.updated');
  person.start((block) => connection.send({ type: 'input_audio_buffer.append', audio: block.toString('base64') }));

  async function turn() {
    const since = events.length;
    person.say('question');
    const response = await until(() => ended('completed', since), 'an answer to the question');
    const heard = await until(
      () => named('conversation.item.input_audio_transcription.completed', since)[0],
      "the user's words",
    );
    await loudspeaker.over(response.id);
    return { heard: heard.transcript, said: said(response), sounded_s: loudspeaker.received(response.id) };
  }

  async function interruption() {
    const since = events.length;
    person.say('request');
    const interrupted = await until(() => {
      const id = speaking();
      return id && loudspeaker.played(id) > SOUNDS_S && id;
    }, 'a reply that can be interrupted');
    const overIt = events.length;
    person.say('interruption');
    const cut = await until(() => ended('cancelled', since), "the reply's end");
    const lasted = loudspeaker.received(interrupted);
    const truncated = await until(() => named('conversation.item.truncated', overIt)[0], 'what was heard of it');
    const answer = await until(() => ended('completed', since), 'an answer to the interruption');
    await loudspeaker.over(answer.id);
    return {
      same: cut.id === interrupted,
      reason: cut.status_details?.reason,
      speech_started: named('input_audio_buffer.speech_started', overIt).length > 0,
      heard_ms: truncated.audio_end_ms,
      lasted_s: lasted,
      grew_s: loudspeaker.received(interrupted) - lasted,
      said: said(answer),
    };
  }

  async function tool() {
    let since = events.length;
    const choice = { type: 'function', name: WEATHER.name };
    connection.send({
      type: 'session.update',
      session: { type: 'realtime', tools: [WEATHER], tool_choice: choice },
    });
    await until(() => named('session.updated', since).length, 'session.updated');
    person.say('question');
    const called = await until(() => named('response.function_call_arguments.done', since)[0], 'a function call');
    await until(() => ended('completed', since), "the calling response's end");
    // Else the answer to the result would have to be a call again.
    connection.send({ type: 'session.update', session: { type: 'realtime', tool_choice: 'none' } });
    since = events.length;
    const output = { type: 'function_call_output', call_id: called.call_id, output: RESULT };
    connection.send({ type: 'conversation.item.create', item: output });
    connection.send({ type: 'response.create' });
    const answer = await until(() => ended('completed', since), "an answer with the function's result");
    return { name: called.name, arguments: called.arguments, said: said(answer) };
  }

  try {
    return { turn: await turn(), interruption: await interruption(), tool: await tool(), errors };
  } finally {
    console.log(JSON.stringify(events.map((event) => event.type).filter((type) => !type.includes('delta'))));
    person.stop();
    connection.close();
  }
});
