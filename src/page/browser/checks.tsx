import type { JSX } from 'preact';

import { useTexts } from './language.js';
import { Facts, Panel } from './panel.js';
import type { Texts } from './texts.en.js';
import type { ConfigState } from './wire.js';

interface Props {
  readonly healthMs: number | undefined;
  readonly config: ConfigState | undefined;
  readonly standbys: number | undefined;
}

export function Checks({ healthMs, config, standbys = 0 }: Props): JSX.Element {
  const texts = useTexts();
  return (
    <Panel name="checks" title={texts.checks}>
      <Facts
        facts={[
          [texts.health, healthMs !== undefined && texts.healthy(healthMs.toFixed(0))],
          [texts.config, config && describeConfig(config, texts)],
          [texts.standbys, standbys > 0 ? texts.waiting(standbys) : texts.noStandbys],
        ]}
      />
    </Panel>
  );
}

function describeConfig({ path, exists, valid, issues }: ConfigState, texts: Texts): JSX.Element | string {
  if (path === null || !exists) return texts.noConfig;
  if (valid) return texts.validConfig(path);
  return (
    <ul class="warning">
      {issues.map((issue) => (
        <li key={issue.path}>{`${issue.path}: ${issue.message}`}</li>
      ))}
    </ul>
  );
}
