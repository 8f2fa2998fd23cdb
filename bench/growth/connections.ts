import { setTimeout as delay } from 'node:timers/promises';

import { Distribution } from '../kit/distribution.js';
import { BARE_WS, GATEWAY, settled, withParties, type Party } from '../kit/party.js';
import { progress } from '../kit/progress.js';
import { EVENT_TEXT } from '../messages/events.js';
import type { Cost } from './growth-table.js';

/** What one connection costs. */
interface Sample {
  readonly residentKib: number;
  readonly heapKib: number;
  /** Processor time in a second, with nothing but pings. */
  readonly idleMicroseconds: number;
  readonly eventMicroseconds: number;
  readonly stopMicroseconds: number;
}

/** Often, so that some come within a few seconds, and seldom enough that a busy client answers within two of them. */
const PING_MS = 5_000;
/** The first ones warm up. */
const EVENTS = { warmUp: 5, counted: 11 } as const;
const KIB = 1_024;

const COSTS: readonly { readonly key: keyof Sample; readonly name: string; readonly unit: string }[] = [
  { key: 'residentKib', name: 'resident memory', unit: 'KiB' },
  { key: 'heapKib', name: 'heap memory', unit: 'KiB' },
  { key: 'idleMicroseconds', name: `processor time when idle, pings every ${PING_MS / 1_000} s`, unit: 'µs/s' },
  { key: 'eventMicroseconds', name: 'one event to all of them', unit: 'µs' },
  { key: 'stopMicroseconds', name: 'SIGTERM to port free', unit: 'µs' },
];

/** @param seconds that they idle for */
export async function connectionCosts(sizes: readonly number[], rounds: number, seconds: number): Promise<Cost[]> {
  const samples: { gateway: Sample; bare: Sample }[][] = [];
  for (const size of sizes) {
    const ofSize: { gateway: Sample; bare: Sample }[] = [];
    for (let round = 1; round <= rounds; round++) {
      ofSize.push(await sampleOf(size, seconds));
      progress(round, rounds, `growth, ${size} connections`);
    }
    samples.push(ofSize);
  }
  const medians = (who: 'gateway' | 'bare', key: keyof Sample): number[] =>
    samples.map((ofSize) => new Distribution(ofSize.map((sample) => sample[who][key])).median);
  return COSTS.map(({ key, name, unit }) => ({
    name,
    unit,
    gateway: medians('gateway', key),
    bare: medians('bare', key),
  }));
}

function sampleOf(size: number, seconds: number): Promise<{ gateway: Sample; bare: Sample }> {
  const measure = async ([gateway, bare]: readonly Party[]): Promise<{ gateway: Sample; bare: Sample }> => {
    if (!gateway || !bare) throw new Error('a server is missing');
    const both = [gateway, bare] as const;
    const before = await Promise.all(both.map((party) => party.memory()));
    await Promise.all(both.map(({ clients }) => clients.open(size)));
    await settled(size);
    const after = await Promise.all(both.map((party) => party.memory()));
    const idle = await idleTimes(both, seconds);
    const events = await eventTimes(both);
    const stops = [await gateway.freePort(), await bare.freePort()];
    const sample = (index: number): Sample => {
      const grown = (key: 'resident' | 'heap'): number => (after[index]?.[key] ?? NaN) - (before[index]?.[key] ?? NaN);
      return {
        residentKib: grown('resident') / KIB / size,
        heapKib: grown('heap') / KIB / size,
        idleMicroseconds: ((idle[index] ?? NaN) * 1_000) / seconds / size,
        eventMicroseconds: ((events[index] ?? NaN) * 1_000) / size,
        stopMicroseconds: ((stops[index] ?? NaN) * 1_000) / size,
      };
    };
    return { gateway: sample(0), bare: sample(1) };
  };
  return withParties([GATEWAY, BARE_WS], measure, [String(PING_MS)]);
}

/** Milliseconds of the processor, of all over the same time. */
async function idleTimes(parties: readonly Party[], seconds: number): Promise<number[]> {
  const before = await Promise.all(parties.map((party) => party.processorTime()));
  await delay(seconds * 1_000);
  const after = await Promise.all(parties.map((party) => party.processorTime()));
  return after.map((ms, index) => ms - (before[index] ?? NaN));
}

/** Medians, in milliseconds, to the receipt by the last client. */
async function eventTimes(parties: readonly Party[]): Promise<number[]> {
  const times: number[][] = parties.map(() => []);
  for (let event = 1 - EVENTS.warmUp; event <= EVENTS.counted; event++) {
    for (const [index, party] of parties.entries()) {
      const { lastReceiptMs } = await party.publish(EVENT_TEXT);
      if (event > 0) times[index]?.push(lastReceiptMs);
    }
  }
  return times.map((ms) => new Distribution(ms).median);
}
