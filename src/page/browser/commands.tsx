import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import type { PageCommand } from '../page-data.js';
import { useTexts } from './language.js';
import { Panel } from './panel.js';

const SHOWN_MS = 2_000;

export function Commands({ commands }: { readonly commands: readonly PageCommand[] }): JSX.Element {
  const texts = useTexts();
  return (
    <Panel name="commands" title={texts.commands}>
      <dl>
        {commands.map(({ what, command }) => (
          <div key={what}>
            <dt>{texts.commandFor[what]}</dt>
            <dd class="row">
              <code>{command}</code>
              <CopyButton text={command} />
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function CopyButton({ text }: { readonly text: string }): JSX.Element | null {
  const texts = useTexts();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  // Missing in a page that came over the network without TLS; the text can be selected there.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (!clipboard) return null;
  const copy = (): void => void clipboard.writeText(text).then(() => setCopied(true));
  const label = isCopied ? texts.copied : texts.copy;
  return (
    <button type="button" class="quiet" onClick={copy} aria-label={`${label}: ${text}`}>
      {label}
    </button>
  );
}
