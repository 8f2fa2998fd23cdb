import { checkConfiguration, checkProfile } from '../../src/doctor/check-profile.js';
import type { GatewayCard, Holder } from '../../src/listener/holder.js';
import { CARD, patient } from './patient.js';

describe('the profile', () => {
  const held = (verdict: Holder['verdict']): Holder => ({
    verdict,
    url: 'unknown address',
    ownership: 'unknown',
  });
  const running = (card: Partial<GatewayCard>): Holder => ({
    verdict: 'ready',
    url: CARD.url,
    ownership: 'proven',
    card: { ...CARD, ...card },
  });

  it.each([
    ['is not used', undefined, 'ok'],
    ['has its gateway where the next start would be', running({}), 'ok'],
    ['has its gateway on another port', running({ url: 'ws://127.0.0.1:18800' }), 'note'],
    ['has the gateway of another profile in its folder', running({ profile: 'work' }), 'problem'],
    ['is free', held('blocked'), 'ok'],
    ['is held by a process that does not say who it is', held('stalled'), 'problem'],
    ['could not be asked about', held('unknown'), 'problem'],
    ['is held by a process that is no gateway of this user', held('foreign'), 'problem'],
  ])('%s', (_what, holder, level) => expect(checkProfile(patient(), holder).level).toBe(level));

  it.each([
    [{ file: '/f', exists: false }, [{ level: 'ok' }]],
    [{ file: '/f', exists: true }, [{ level: 'ok', text: '/f is read' }]],
    [
      { file: '/f', exists: true, warnings: ['one', 'two'] },
      [
        { level: 'note', text: 'one' },
        { level: 'note', text: 'two' },
      ],
    ],
  ])('has a configuration: %j', (configuration, findings) => {
    expect(checkConfiguration(patient({ settings: { configuration } }))).toMatchObject(findings);
  });
});
