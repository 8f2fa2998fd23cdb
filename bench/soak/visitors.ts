import { setTimeout as delay } from 'node:timers/promises';

import { Operator } from '../../test/kit/operator.js';

const VISITORS = 10;
const REQUESTS = 20;
const METHODS = ['health', 'status', 'system-presence', 'gateway.identity'] as const;

/** Answered with much more than the operating system and the gateway keep for one that does not read. */
const FLOOD_REQUESTS = 8_000;
/** They are in the answers, which makes these long. */
const COMPANY = 20;
const FLOOD_STEP = 200;
/** Between the last request and its listening again. */
const SILENCE_MS = 500;
/** For as long as it then waits for its end. */
const HEAR_MS = 10_000;

/** Some come, ask, and hang up, half of them without a word. How many requests were answered. */
export async function visit(url: string): Promise<number> {
  const visits = Array.from({ length: VISITORS }, async (_, visitor) => {
    const operator = await Operator.open(url);
    for (let request = 0; request < REQUESTS; request++) {
      const { ok, error } = await operator.call(METHODS[request % METHODS.length] ?? 'health');
      if (!ok) throw new Error(`a request was answered with ${JSON.stringify(error)}`);
    }
    const { socket } = operator.client;
    if (visitor % 2 === 0) socket.terminate();
    else socket.close();
    await operator.close();
  });
  await Promise.all(visits);
  return VISITORS * REQUESTS;
}

/** One asks and asks and reads nothing; whether the gateway cuts it off. */
export async function floodWithoutReading(url: string): Promise<boolean> {
  const company = await Promise.all(Array.from({ length: COMPANY }, () => Operator.open(url)));
  const { client } = await Operator.open(url);
  const { socket } = client;
  socket.pause();
  const request = JSON.stringify({ type: 'req', id: 'flood', method: 'system-presence' });
  for (let sent = 0; sent < FLOOD_REQUESTS; sent += FLOOD_STEP) {
    await new Promise<unknown>((resolve) => {
      for (let step = 1; step < FLOOD_STEP; step++) socket.send(request);
      socket.send(request, resolve);
    });
  }
  // What it has sent has still to be read, and answered.
  await delay(SILENCE_MS);
  socket.resume();
  let isCutOff = true;
  const deadline = setTimeout(() => {
    isCutOff = false;
    socket.terminate();
  }, HEAR_MS);
  // With 1013 where it reads soon enough to see that, and else without a word.
  await client.closed;
  clearTimeout(deadline);
  for (const operator of company) operator.client.socket.terminate();
  return isCutOff;
}
