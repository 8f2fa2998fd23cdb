import { asFarAsPossible } from '../kit/options.js';
import type { Part } from '../kit/part.js';
import { REQUEST_BYTES } from '../load/requests.js';
import { measureEvents } from '../messages/events.js';
import { measureLatencies } from '../messages/latencies.js';
import { measureMemories } from '../messages/memories.js';
import { measureRates } from '../messages/rates.js';

export const messages: Part<'connections' | 'clients' | 'window' | 'seconds' | 'rounds'> = {
  name: 'messages',
  about: 'requests, events, and what a client costs in memory',
  kind: 'table',
  defaults: {
    connections: '50,100,1000',
    clients: asFarAsPossible([1_000, 10_000]),
    window: '32',
    seconds: '2',
    rounds: '5',
  },
  run: async (options, report) => {
    await measureRates(options, report);
    await measureLatencies(options, report);
    await measureEvents(options, report);
    await measureMemories(options, report);
    report.note(
      `Messages: each server and its clients are processes of their own. A request has ${REQUEST_BYTES} bytes of JSON; of each\n` +
        `connection ${options.window} at a time wait for their answers. The gateway writes at once what it answers in one turn of the event\n` +
        'loop, and the bare server each answer by itself: `--window 1` shows it without that. Memory: after garbage\n' +
        'collection; resident is what the operating system sees, and the first 200 clients are not counted.',
    );
  },
};
