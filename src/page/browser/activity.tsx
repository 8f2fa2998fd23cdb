import type { JSX } from 'preact';

import { useNumber, useTexts } from './language.js';
import { Panel } from './panel.js';
import { Plot } from './plot.js';
import type { Sample } from './watch.js';

const PLOTS: readonly { readonly key: keyof Sample; readonly unit: string; readonly digits: number }[] = [
  { key: 'requestsPerSecond', unit: '', digits: 0 },
  { key: 'loopDelayMs', unit: ' ms', digits: 1 },
  { key: 'memoryMb', unit: ' MB', digits: 0 },
];

export function Activity({ samples }: { readonly samples: readonly Sample[] }): JSX.Element {
  const texts = useTexts();
  const number = useNumber();
  return (
    <Panel name="activity" title={texts.activity}>
      {PLOTS.map(({ key, unit, digits }) => (
        <Plot
          key={key}
          title={texts.plots[key]}
          values={samples.map((sample) => sample[key])}
          format={(value) => `${number(value, digits)}${unit}`}
        />
      ))}
    </Panel>
  );
}
