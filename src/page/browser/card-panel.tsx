import type { JSX } from 'preact';

import { useTexts, useTime } from './language.js';
import { Facts, Panel } from './panel.js';
import type { Card } from './wire.js';

/** RFC 1122, 3.2.1.3, and RFC 4291, 2.5.3. */
const LOOPBACK = /^ws:\/\/(127(?:\.\d+){3}|\[::1\]):/;

interface Props {
  readonly card: Card;
  /** In place of that on the card, which is of earlier. */
  readonly phase: string | undefined;
}

/** What a gateway shows to all. */
export function CardPanel({ card, phase }: Props): JSX.Element {
  const texts = useTexts();
  const time = useTime();
  const addresses = card.addresses ?? [card.url];
  const isOpen = !addresses.every((address) => LOOPBACK.test(address));
  return (
    <Panel name="card" title={texts.card}>
      <Facts
        facts={[
          [texts.profile, card.profile],
          [texts.phase, phase ?? texts.phases[card.phase] ?? card.phase],
          ...(card.fleet ? [[texts.fleet, texts.inFleet(card.fleet)] as const] : []),
          [texts.version, card.version],
          [texts.process, card.pid],
          [texts.since, time(card.startedAt)],
          [texts.addresses, addresses.map((address) => <code key={address}>{address}</code>)],
          [texts.reach, <span class={isOpen ? 'warning' : ''}>{isOpen ? texts.open : texts.local}</span>],
        ]}
      />
    </Panel>
  );
}
