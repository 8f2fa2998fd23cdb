import { Operator } from '../../test/kit/operator.js';

const VISITORS = 10;
const REQUESTS = 20;
const METHODS = ['health', 'status', 'system-presence', 'gateway.identity'] as const;

/** Answered with much more than the operating system and the gateway keep for one that does not read. */
const FLOOD_REQUESTS = 16_000;
const FLOOD_STEP = 200;
/** What a client that has been cut off is closed with. */
const TRY_AGAIN_LATER = 1013;
const HEAR_MS = 5_000;

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
  // Now it hears what has become of it.
  socket.resume();
  const deadline = setTimeout(() => socket.terminate(), HEAR_MS);
  const { code } = await client.closed;
  clearTimeout(deadline);
  return code === TRY_AGAIN_LATER;
}
