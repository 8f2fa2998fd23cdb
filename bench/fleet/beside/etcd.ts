import { EXPIRY_S, RENEW_MS, type Contend } from './contend.js';

interface Lock {
  readonly header: { readonly revision: string };
}

/** The lock of etcd, whose holder has a lease, by the JSON that it answers beside gRPC. */
export const etcd: Contend = async (url, onWaiting) => {
  const ask = async <T>(path: string, body: object): Promise<T> => {
    const response = await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd: ${path}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  const { ID } = await ask<{ ID: string }>('lease/grant', { TTL: EXPIRY_S });
  const renewing = setInterval(() => void ask('lease/keepalive', { ID }).catch(() => undefined), RENEW_MS);
  const range = { key: encoded('office/'), range_end: encoded('office0'), count_only: true };
  const { count = '0' } = await ask<{ count?: string }>('kv/range', range);
  const locked = ask<Lock>('lock/lock', { name: encoded('office'), lease: ID });
  if (count !== '0') onWaiting();
  const { header } = await locked;
  return {
    token: BigInt(header.revision),
    release: async () => {
      clearInterval(renewing);
      await ask('lease/revoke', { ID });
    },
  };
};

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}
