import type { JSX } from 'preact';

import { useTexts } from './language.js';
import type { PageCheck } from '../page-data.js';
import { Facts, Panel, Said } from './panel.js';
import type { Texts } from './texts.en.js';
import type { ConfigState } from './wire.js';

interface Props {
  readonly healthMs: number | undefined;
  readonly config: ConfigState | undefined;
  readonly standbys: number | undefined;
  /** Missing until it is known. */
  readonly found: readonly PageCheck[] | undefined;
}

export function Checks({ healthMs, config, standbys = 0, found = [] }: Props): JSX.Element {
  const texts = useTexts();
  const notes = found.filter(({ level }) => level !== 'ok');
  return (
    <Panel name="checks" title={texts.checks}>
      <Facts
        facts={[
          [texts.health, healthMs !== undefined && texts.healthy(healthMs.toFixed(0))],
          [texts.config, config && describeConfig(config, texts)],
          [texts.standbys, standbys > 0 ? texts.waiting(standbys) : texts.noStandbys],
          ...notes.map((one) => [texts.say(one.check) ?? one.check, <Finding found={one} />] as const),
          ...(found.length > 0 && notes.length === 0 ? [[texts.doctor, texts.allWell] as const] : []),
        ]}
      />
    </Panel>
  );
}

/** What `openclaw gateway doctor` says. */
function Finding({ found: { level, text, wayOut } }: { readonly found: PageCheck }): JSX.Element {
  return (
    <span class={level === 'problem' ? 'danger' : 'warning'}>
      <Said english={text} />
      {wayOut !== undefined && ': '}
      {wayOut !== undefined && <Said english={wayOut} />}
    </span>
  );
}

function describeConfig({ path, exists, valid, issues }: ConfigState, texts: Texts): JSX.Element | string {
  if (path === null || !exists) return texts.noConfig;
  if (valid) return texts.validConfig(path);
  return (
    <ul class="warning">
      {issues.map((issue) => (
        <li key={issue.path}>
          {issue.path}: <Said english={issue.message} />
        </li>
      ))}
    </ul>
  );
}
