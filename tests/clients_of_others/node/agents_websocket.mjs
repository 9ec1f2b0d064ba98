// @openai/agents-realtime in Node, over a WebSocket.

import { OpenAIRealtimeWebSocket } from '@openai/agents-realtime';

import { Call } from './agents.mjs';
import { INSTRUCTIONS, Loudspeaker, Person, RESULT, run, until, WEATHER } from './outside.mjs';

const SOUNDS_S = 1.2;

run(async ({ url, key, clips }) => {
  const person = new Person(clips);
  const loudspeaker = new Loudspeaker();
  const transport = new OpenAIRealtimeWebSocket({ url: `ws${url.slice(4)}/v1/realtime?model=gpt-realtime` });
  const call = new Call(transport, until, WEATHER, RESULT, INSTRUCTIONS);
  const { session } = call;
  const interruptions = [];
  session.on('audio', (event) => loudspeaker.push(event.responseId, event.data.byteLength));
  session.on('audio_interrupted', () => interruptions.push(call.events.length));
  await session.connect({ apiKey: key });
  person.start((block) =>
    session.sendAudio(block.buffer.slice(block.byteOffset, block.byteOffset + block.byteLength)),
  );

  async function interruption() {
    const since = call.events.length;
    person.say('request');
    const interrupted = await until(() => {
      const id = call.speaking;
      return id && loudspeaker.played(id) > SOUNDS_S && id;
    }, 'a reply that can be interrupted');
    const overIt = call.events.length;
    person.say('interruption');
    await until(() => interruptions.some((at) => at >= overIt), 'audio_interrupted');
    const cut = await until(() => call.ended('cancelled', since), "the reply's end");
    const truncated = await until(() => call.named('conversation.item.truncated', overIt)[0], 'what was heard of it');
    const answer = await until(() => call.ended('completed', since), 'an answer to the interruption');
    await loudspeaker.over(answer.id);
    return {
      same: cut.id === interrupted,
      heard_ms: truncated.audio_end_ms,
      lasted_s: loudspeaker.received(interrupted),
      history: call.line(truncated.item_id)?.text,
      said: call.line(answer.output[0].id)?.text,
    };
  }

  try {
    const turn = await call.turn(() => person.say('question'));
    await loudspeaker.over(turn.id);
    turn.sounded_s = loudspeaker.received(turn.id);
    const found = { turn, interruption: await interruption(), tool: await call.tool() };
    return { ...found, dropped: call.dropped, errors: call.errors };
  } finally {
    console.log(JSON.stringify(call.events.map((event) => event.type).filter((type) => !type.includes('delta'))));
    console.log(JSON.stringify(call.history));
    person.stop();
    session.close();
  }
});
