import { expectUnharmed, startControl } from '../../kit/control.js';
import { RawPeer } from '../../kit/raw-peer.js';

describe('an upgrade', () => {
  it.each<[what: string, headers: Record<string, string | undefined>]>([
    ['without a version', { 'Sec-WebSocket-Version': undefined }],
    ...['', '0', '7', '8', ' 8', '12', '14', 'thirteen'].map((version): [string, Record<string, string>] => [
      `of version ${JSON.stringify(version)}`,
      { 'Sec-WebSocket-Version': version },
    ]),
    ['without a key', { 'Sec-WebSocket-Key': undefined }],
    ['with half a key', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZQ==' }],
    ['with a key that is none', { 'Sec-WebSocket-Key': '!'.repeat(24) }],
    ['with a broken list of protocols', { 'Sec-WebSocket-Protocol': 'a,,b' }],
  ])('%s is refused', async (_what, headers) => {
    const control = await startControl();

    const peer = await RawPeer.open(control.lock.url, headers);

    expect(peer.status).toBe(400);
    expect(peer.head).toContain('\r\nSec-WebSocket-Version: 13\r\n');
    await peer.gone;
    expect(control.adapter.clients.size).toBe(0);
    await expectUnharmed(control);
  });

  it('that offers compression gets none', async () => {
    const control = await startControl();

    const peer = await RawPeer.open(control.lock.url, {
      'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    });

    expect(peer.status).toBe(101);
    expect(peer.head).not.toMatch(/Sec-WebSocket-Extensions/i);
    await peer.end();
    await expectUnharmed(control);
  });

  it('that offers subprotocols has none selected', async () => {
    const control = await startControl();

    const peer = await RawPeer.open(control.lock.url, { 'Sec-WebSocket-Protocol': 'evil, other' });

    expect(peer.status).toBe(101);
    expect(peer.head).not.toMatch(/Sec-WebSocket-Protocol/i);
    await peer.end();
    await expectUnharmed(control);
  });

  it('is accepted with the digest of its key', async () => {
    const control = await startControl();

    const peer = await RawPeer.open(control.lock.url);

    // The example of RFC 6455, 1.3.
    expect(peer.head).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
    await peer.end();
    await expectUnharmed(control);
  });
});
