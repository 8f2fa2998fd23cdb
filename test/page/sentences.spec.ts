import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { HandshakeFailure } from '../../src/control/protocol/handshake.js';
import { unsupportedKeys } from '../../src/config/unsupported-keys.js';
import { DE } from '../../src/page/browser/texts.de.js';
import { EN } from '../../src/page/browser/texts.en.js';
import { ROOT } from '../kit/program.js';

const DOCTOR = join(ROOT, 'src/doctor');
/** The name, a text or a way out of a finding, as it is written in the code. */
const WRITTEN = /(?:check|CHECK|text|wayOut)(?:: | = )(?:`([^`]*)`|'([^']*)'|"([^"]*)")/g;

/** What checks can say of what is not in order, with `X` for each part that differs. */
function sentencesOfDoctor(): string[] {
  const checks = readdirSync(DOCTOR).filter((file) => file.startsWith('check-'));
  return checks.flatMap((file) => {
    const code = readFileSync(join(DOCTOR, file), 'utf8');
    return [...code.matchAll(WRITTEN)]
      .filter(({ index }) => !code.slice(code.lastIndexOf('{', index), index).includes("level: 'ok'"))
      .map(([, ...texts]) => (texts.find(Boolean) ?? '').replace(/\$\{[^}]*\}/g, 'X'));
  });
}

/** Neither a sentence in itself, nor more than a name or a command to type. */
const isBare = (sentence: string): boolean =>
  !/[a-z]{2}/.test(sentence) || /^(?:IPv6|OpenClaw)$|^(?:X gateway|systemctl|loginctl) /.test(sentence);

describe('in German, the page says', () => {
  it('what every check finds that is not in order', () => {
    const sentences = sentencesOfDoctor();
    expect(sentences.length).toBeGreaterThan(25);

    expect(sentences.filter((one) => !isBare(one) && DE.say(one) === undefined)).toEqual([]);
  });

  it('why a client was not let in', () => {
    const failures: Readonly<Record<HandshakeFailure, true>> = {
      'handshake timeout': true,
      'too many handshakes': true,
      'first message too big': true,
      'no connect request': true,
      'no common protocol version': true,
      'token missing': true,
      'token mismatch': true,
      'too many attempts': true,
    };

    expect(Object.keys(failures).filter((one) => DE.say(one) === undefined)).toEqual([]);
  });

  it('what it takes from a sentence, and the sentences in it', () => {
    const [warning = ''] = unsupportedKeys({ gateway: { tls: { enabled: true } } }, 'openclaw.json');

    expect(DE.say(warning)).toBe(
      'openclaw.json: gateway.tls.enabled wird nicht unterstützt; dieses Gateway spricht ws:// ohne TLS: stellen Sie einen Proxy davor, der TLS spricht',
    );
    expect(DE.say('/tmp/x (1) has {2} of $& it')).toBeUndefined();
  });
});

it('in English, the page says what the gateway does', () => {
  expect(EN.say('a sentence')).toBe('a sentence');
});
