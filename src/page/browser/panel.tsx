import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

import { useTexts } from './language.js';

interface Props {
  readonly title: string;
  /** Beside the title. */
  readonly aside?: ComponentChildren;
  readonly name: string;
  readonly children: ComponentChildren;
}

/** A part of the page with a heading. */
export function Panel({ title, aside, name, children }: Props): JSX.Element {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <div class="head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Names, each with what is to be said of it. */
export function Facts({
  facts,
}: {
  readonly facts: readonly (readonly [name: string, ComponentChildren])[];
}): JSX.Element {
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What the gateway says in English, in the language of the page where it knows the sentence. */
export function Said({ english }: { readonly english: string }): JSX.Element {
  const own = useTexts().say(english);
  return own === undefined ? <span lang="en">{english}</span> : <>{own}</>;
}

/** A table that scrolls in itself, by the keyboard too (WCAG 2.1.1). */
export function Table(props: {
  readonly label: string;
  readonly columns: readonly string[];
  /** How many columns, from the end, hold numbers. */
  readonly numbers?: number;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { label, columns, numbers = 0, children } = props;
  return (
    <div class="scroll" role="group" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th key={column} scope="col" class={index >= columns.length - numbers ? 'number' : ''}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
