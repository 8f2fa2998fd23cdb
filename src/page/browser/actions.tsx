import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { useTexts } from './language.js';
import { Panel } from './panel.js';
import type { Watch } from './watch.js';
import type { Hello } from './wire.js';

interface Props {
  /** Missing while the page is not connected. */
  readonly hello: Hello | undefined;
  readonly clients: number;
  readonly watch: Watch;
}

type Action = 'stop' | 'restart';

/** What can be done with the gateway, as far as the token allows it and the gateway offers it. */
export function Actions({ hello, clients, watch }: Props): JSX.Element {
  const texts = useTexts();
  const [asked, setAsked] = useState<Action>();
  const isAdmin = hello?.auth.scopes.includes('operator.admin') ?? false;
  const offers = (method: string): boolean => isAdmin && (hello?.features.methods.includes(method) ?? false);
  return (
    <Panel name="actions" title={texts.actions}>
      <div class="row">
        {offers('gateway.restart.request') && (
          <button type="button" onClick={() => setAsked('restart')}>
            {texts.restart}…
          </button>
        )}
        {offers('gateway.shutdown') && (
          <button type="button" class="danger" onClick={() => setAsked('stop')}>
            {texts.stop}…
          </button>
        )}
        <button type="button" class="quiet" onClick={() => watch.forgetToken()}>
          {texts.forgetToken}
        </button>
      </div>
      {asked && <Confirmation action={asked} clients={clients} watch={watch} done={() => setAsked(undefined)} />}
    </Panel>
  );
}

interface ConfirmationProps extends Omit<Props, 'hello'> {
  readonly action: Action;
  readonly done: () => void;
}

function Confirmation({ action, clients, watch, done }: ConfirmationProps): JSX.Element {
  const texts = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const [failure, setFailure] = useState<string>();
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = (): void =>
    void watch[action]().then(done, (error: unknown) => setFailure(error instanceof Error ? error.message : ''));
  return (
    <dialog ref={dialog} aria-labelledby="question" onClose={done}>
      <h2 id="question">{action === 'stop' ? texts.stopQuestion : texts.restartQuestion}</h2>
      <p>{texts.stopWarning(clients)}</p>
      {failure !== undefined && (
        <p role="alert" class="warning">
          {texts.failed(failure)}
        </p>
      )}
      <div class="row">
        <button type="button" class="quiet" onClick={done}>
          {texts.cancel}
        </button>
        <button type="button" class="danger" onClick={confirm}>
          {texts[action]}
        </button>
      </div>
    </dialog>
  );
}
