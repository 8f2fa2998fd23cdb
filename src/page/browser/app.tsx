import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';

import { Actions } from './actions.js';
import { Activity } from './activity.js';
import { CardPanel } from './card-panel.js';
import { Checks } from './checks.js';
import { ClientTable } from './client-table.js';
import { Commands } from './commands.js';
import { findLanguage, keepLanguage, LanguageContext, LANGUAGES, type Language } from './language.js';
import { LogPanel } from './log-panel.js';
import { Profiles } from './profiles.js';
import { Refusals } from './refusals.js';
import { StateLine, StateMark } from './state.js';
import { TokenForm } from './token-form.js';
import type { View, Watch } from './watch.js';

interface Props {
  readonly watch: Watch;
  /** What opens this page with the token, in a terminal; empty where there is no such command. */
  readonly openCommand: string;
}

export function App({ watch, openCommand }: Props): JSX.Element {
  const view = useView(watch);
  const [language, setLanguage] = useState(findLanguage);
  const texts = LANGUAGES[language];
  const title = view.card ? `${texts.title} · ${view.card.profile}` : texts.title;
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${texts.states[view.link.state]} · ${title}`;
  });
  const choose = (chosen: Language): void => {
    keepLanguage(chosen);
    setLanguage(chosen);
  };
  const { link } = view;
  const isAway = link.state === 'gone' || link.state === 'restarting';
  const isLocked = link.state === 'no token' || link.state === 'wrong token';
  return (
    <LanguageContext.Provider value={language}>
      <a class="skip" href="#content">
        {texts.skip}
      </a>
      <header>
        <h1>{title}</h1>
        <StateMark view={view} />
        <LanguageChoice language={language} choose={choose} />
      </header>
      <main id="content" tabIndex={-1}>
        <StateLine view={view} />
        {isLocked && <TokenForm openCommand={openCommand} use={(token) => watch.useToken(token)} />}
        {view.card && <CardPanel card={view.card} phase={isAway ? texts.states[link.state] : undefined} />}
        {!isLocked && <Insight view={view} watch={watch} />}
      </main>
    </LanguageContext.Provider>
  );
}

/** What only a token shows. */
function Insight({ view, watch }: { readonly view: View; readonly watch: Watch }): JSX.Element {
  const { link, metrics, samples, clients, log, healthMs, config, context } = view;
  const hello = link.state === 'connected' ? link.hello : undefined;
  const isKept = hello?.features.methods.includes('logs.tail') ?? true;
  // The two that can be long are left alone while what they show stays the same.
  const table = useMemo(() => <ClientTable clients={clients} />, [clients]);
  const lines = useMemo(() => <LogPanel lines={log} isKept={isKept} />, [log, isKept]);
  return (
    <>
      <Checks healthMs={healthMs} config={config} standbys={metrics?.standbys} found={context?.checks} />
      <Actions hello={hello} clients={clients.length} watch={watch} />
      <Activity samples={samples} />
      <Refusals metrics={metrics} />
      {context && context.profiles.length > 0 && <Profiles profiles={context.profiles} />}
      {context && context.commands.length > 0 && <Commands commands={context.commands} />}
      {table}
      {lines}
    </>
  );
}

function LanguageChoice(props: {
  readonly language: Language;
  readonly choose: (language: Language) => void;
}): JSX.Element {
  const texts = LANGUAGES[props.language];
  return (
    <label class="language">
      <span class="unseen">{texts.chooseLanguage}</span>
      <select value={props.language} onChange={({ currentTarget }) => props.choose(currentTarget.value as Language)}>
        {Object.entries(LANGUAGES).map(([tag, { language }]) => (
          <option key={tag} value={tag} lang={tag}>
            {language}
          </option>
        ))}
      </select>
    </label>
  );
}

function useView(watch: Watch): View {
  const [view, setView] = useState(watch.view);
  useEffect(() => {
    watch.onChange = () => setView(watch.view);
    watch.onChange();
  }, [watch]);
  return view;
}
