import type { JSX } from 'preact';

import { useTexts } from './language.js';
import { MAX_SAMPLES } from './watch.js';

const HEIGHT = 40;

interface Props {
  readonly title: string;
  readonly values: readonly number[];
  readonly format: (value: number) => string;
}

/** The last two minutes of a number, from zero to its highest value; the latest at the right end. */
export function Plot({ title, values, format }: Props): JSX.Element {
  const texts = useTexts();
  const most = Math.max(0, ...values);
  const now = values.at(-1);
  const line = points(values, most);
  const shown = now === undefined ? '–' : format(now);
  return (
    <figure class="plot">
      <figcaption>
        <span>{title}</span>
        <strong>{shown}</strong>
      </figcaption>
      <svg
        viewBox={`0 -1 ${MAX_SAMPLES - 1} ${HEIGHT + 2}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={texts.plotNow(title, shown, format(most))}
      >
        {line.length > 1 && <path class="area" d={`M${line[0]?.[0] ?? 0},${HEIGHT} ${pathOf(line)} V${HEIGHT} Z`} />}
        {line.length > 1 && <path class="line" d={pathOf(line).replace('L', 'M')} />}
      </svg>
      <small>{texts.most(format(most))}</small>
    </figure>
  );
}

function points(values: readonly number[], most: number): [x: number, y: number][] {
  const first = MAX_SAMPLES - values.length;
  return values.map((value, index) => [first + index, most > 0 ? HEIGHT * (1 - value / most) : HEIGHT]);
}

function pathOf(line: readonly (readonly [x: number, y: number])[]): string {
  return line.map(([x, y]) => `L${x},${y.toFixed(1)}`).join(' ');
}
