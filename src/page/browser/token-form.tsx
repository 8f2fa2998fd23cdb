import type { JSX, TargetedSubmitEvent } from 'preact';

import { useTexts } from './language.js';

interface Props {
  readonly openCommand: string;
  readonly use: (token: string) => void;
}

export function TokenForm({ openCommand, use }: Props): JSX.Element {
  const texts = useTexts();
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get('token');
    if (typeof token === 'string' && token !== '') use(token.trim());
  };
  return (
    <section class="panel token">
      <form onSubmit={submit}>
        <label for="token">{texts.token}</label>
        <p id="token-help">
          {texts.tokenHelp}
          {openCommand !== '' && (
            <>
              {' '}
              {texts.openWith} <code>{openCommand}</code>
            </>
          )}
        </p>
        <div class="row">
          <input
            id="token"
            name="token"
            type="password"
            required
            autocomplete="off"
            spellcheck={false}
            aria-describedby="token-help"
          />
          <button type="submit">{texts.showToken}</button>
        </div>
      </form>
    </section>
  );
}
