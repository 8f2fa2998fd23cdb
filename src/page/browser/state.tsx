import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { useTexts } from './language.js';
import type { Texts } from './texts.en.js';
import type { View } from './watch.js';

const SECOND_MS = 1_000;

interface Props {
  readonly view: View;
}

/** How things stand, in a word. */
export function StateMark({ view: { link, isSilent } }: Props): JSX.Element {
  const { states } = useTexts();
  const state = isSilent && link.state !== 'restarting' && link.state !== 'gone' ? 'silent' : link.state;
  return <span class={`mark ${state.replace(' ', '-')}`}>{states[state]}</span>;
}

/** What a person has to know where the page cannot show the gateway; said aloud by a screen reader. */
export function StateLine({ view }: Props): JSX.Element {
  const texts = useTexts();
  const now = useSeconds(view.link.state === 'restarting');
  const line = lineFor(view, now, texts);
  return (
    <p role="status" class={line === undefined ? 'unseen' : 'notice'}>
      {line}
    </p>
  );
}

function lineFor({ link, isSilent }: View, now: number, texts: Texts): string | undefined {
  if (link.state === 'restarting') {
    const seconds = Math.ceil((link.expectedAt - now) / SECOND_MS);
    return seconds > 0 ? texts.restartingIn(seconds) : texts.restartingSoon;
  }
  if (link.state === 'gone') return texts.gone;
  if (link.state === 'held back') return texts.heldBack;
  if (isSilent) return texts.silent;
  if (link.state === 'wrong token') return texts.wrongToken;
  return link.state === 'connecting' ? texts.connecting : undefined;
}

/** The time in milliseconds, anew each second while it counts. */
function useSeconds(counts: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!counts) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), SECOND_MS / 4);
    return () => clearInterval(timer);
  }, [counts]);
  return now;
}
