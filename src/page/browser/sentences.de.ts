import type { Sentence } from './sentences.js';

/** What checks find, why something is refused, and what a configuration file cannot do here, in German. */
export const SENTENCES_DE: readonly Sentence[] = [
  // What was looked at.
  ['files', 'Dateien'],
  ['disk', 'Platte'],
  ['clock', 'Uhr'],
  ['descriptors', 'Deskriptoren'],
  ['proxies', 'Proxys'],
  ['port', 'Port'],
  ['port range', 'Portbereich'],
  ['profile', 'Profil'],
  ['configuration', 'Konfiguration'],
  ['service', 'Dienst'],

  // Files.
  ['{} belongs to another user (uid {})', '{1} gehört einem anderen Benutzer (uid {2})'],
  ['{} belongs to root (uid {})', '{1} gehört root (uid {2})'],
  ["{}, or make it this user's: {}", '{1}, oder machen Sie sie zu Ihrer: {2}'],
  ['run this as that user', 'starten Sie dies als jener Benutzer'],
  ['run this without sudo', 'starten Sie dies ohne sudo'],
  ['{} can be written by other users (mode {})', '{1} kann von anderen Benutzern geschrieben werden (Modus {2})'],
  ['take that away: {}', 'nehmen Sie ihnen das Recht: {1}'],
  ['{} cannot be looked at ({})', '{1} lässt sich nicht ansehen ({2})'],
  ['fix its mode', 'berichtigen Sie den Modus'],
  ['{} MiB are free at {}', 'bei {2} sind {1} MiB frei'],
  ['the log alone may take 60 MiB: make room', 'das Protokoll allein kann 60 MiB brauchen: schaffen Sie Platz'],
  ['no inode is free at {}', 'bei {1} ist kein Inode frei'],
  ['delete files', 'löschen Sie Dateien'],
  ['the free space at {} is not known ({})', 'der freie Platz bei {1} ist nicht bekannt ({2})'],
  ['it cannot be {}', 'es kann nicht {1} sein'],
  ['it is {}, and {} is of a later time', 'es ist {1}, und {2} ist von später'],
  ['set the clock: {}', 'stellen Sie die Uhr: {1}'],

  // The machine.
  [
    'this machine has no ::1: a gateway serves 127.0.0.1 alone',
    'dieser Rechner hat kein ::1: ein Gateway bedient nur 127.0.0.1',
  ],
  [
    'a process may have {} open, and a gateway with all its clients has {}',
    'ein Prozess darf {1} offen haben, und ein Gateway mit allen Clients hat {2}',
  ],
  [
    'raise it: ulimit -n {}, or LimitNOFILE= in the unit',
    'heben Sie die Grenze an: ulimit -n {1}, oder LimitNOFILE= in der Unit',
  ],
  ['OpenClaw uses {} (pid {})', 'OpenClaw benutzt {1} (pid {2})'],
  [
    'stop it with its own command, or use another profile with --profile',
    'beenden Sie es mit seinem eigenen Befehl, oder nehmen Sie mit --profile ein anderes Profil',
  ],
  ['{} on the PATH is another program: {}', '{1} im PATH ist ein anderes Programm: {2}'],
  [
    'call this one openclaw-gateway, which is no name of another package',
    'rufen Sie dieses mit openclaw-gateway auf: so heißt kein anderes Paket',
  ],
  [
    'clients call this gateway {}, and no proxy is trusted: all that come through one look like one client',
    'Clients nennen dieses Gateway {1}, und keinem Proxy wird vertraut: alle, die durch einen kommen, sehen aus wie einer',
  ],
  [
    'name the address of the proxy with --trusted-proxy, if there is one',
    'nennen Sie die Adresse des Proxys mit --trusted-proxy, wenn es einen gibt',
  ],

  // The port and the profile.
  ['{} is used by another user: {}', '{1} wird von einem anderen Benutzer benutzt: {2}'],
  [
    'ask user {}, or give this one another port with --port',
    'fragen Sie Benutzer {1}, oder geben Sie diesem mit --port einen anderen Port',
  ],
  [
    '{} is used by the gateway of profile {}, and this is {}',
    '{1} wird vom Gateway des Profils {2} benutzt, und dies ist {3}',
  ],
  ['give this one another port with --port', 'geben Sie diesem mit --port einen anderen Port'],
  ['give one of them another port with --port', 'geben Sie einem von beiden mit --port einen anderen Port'],
  ['{}; whose it is cannot be told', '{1}; wem es gehört, ist nicht zu erkennen'],
  [
    '{} is one that the operating system gives to any program ({} to {})',
    '{1} ist einer, den das Betriebssystem jedem Programm geben kann ({2} bis {3})',
  ],
  [
    'choose one outside with --port, or reserve it: {}',
    'wählen Sie mit --port einen außerhalb, oder reservieren Sie ihn: {1}',
  ],
  ['{}: a process holds {} and does not say who it is', '{1}: ein Prozess hält {2} und sagt nicht, wer er ist'],
  ['end it, or use another profile with --profile', 'beenden Sie es, oder nehmen Sie mit --profile ein anderes Profil'],
  [
    'give each profile a folder of its own: unset OPENCLAW_STATE_DIR',
    'geben Sie jedem Profil einen eigenen Ordner: unset OPENCLAW_STATE_DIR',
  ],
  [
    'the gateway of {} runs on port {}, and the next start would take {}',
    'das Gateway von {1} läuft auf Port {2}, und der nächste Start nähme {3}',
  ],
  ['give --port {}, or set gateway.port in {}', 'geben Sie --port {1} an, oder setzen Sie gateway.port in {2}'],

  // The service manager.
  ['{} runs {}, which is gone', '{1} startet {2}, und das gibt es nicht mehr'],
  ['systemd has given {} up after {} restarts', 'systemd hat {1} nach {2} Neustarts aufgegeben'],
  ['see why: {}; then: {}', 'sehen Sie nach, warum: {1}; dann: {2}'],
  ['{} does not start by itself', '{1} startet nicht von selbst'],
  [
    '{} ends when its user logs out, and does not start at boot',
    '{1} endet, wenn sich der Benutzer abmeldet, und startet nicht mit dem Rechner',
  ],
  ['{} is {}, and was started again {} times', '{1} ist {2} und wurde {3}-mal neu gestartet'],

  // Keys of the configuration file that are not followed.
  ['{}: {} is not a list, and allows no origin', '{1}: {2} ist keine Liste und erlaubt keinen Origin'],
  ['{} is not supported; {}', '{1} wird nicht unterstützt; {2}'],
  ['this gateway takes it for "local"', 'dieses Gateway hält es für "local"'],
  ['this gateway uses a token', 'dieses Gateway benutzt einen Token'],
  [
    'clients that come through Tailscale show the token too',
    'auch Clients, die durch Tailscale kommen, zeigen den Token',
  ],
  ['this gateway limits guesses in its own way', 'dieses Gateway begrenzt das Raten auf seine Weise'],
  ['write the token into gateway.auth.token', 'schreiben Sie den Token in gateway.auth.token'],
  [
    'run tailscale yourself, and name its host with --allow-host',
    'starten Sie tailscale selbst, und nennen Sie seinen Host mit --allow-host',
  ],
  [
    'this gateway speaks ws:// without TLS: put a proxy that speaks TLS before it',
    'dieses Gateway spricht ws:// ohne TLS: stellen Sie einen Proxy davor, der TLS spricht',
  ],
  ['a trusted proxy has to send X-Forwarded-For', 'ein vertrauter Proxy muss X-Forwarded-For schicken'],
  ['every client shows the token', 'jeder Client zeigt den Token'],
  ['name the origins in {}', 'nennen Sie die Origins in {1}'],
  ['give each origin itself, such as https://app.example', 'nennen Sie jeden Origin selbst, etwa https://app.example'],

  // Why a request, a handshake or a client was refused.
  ['host not allowed', 'Host nicht erlaubt'],
  ['origin not allowed', 'Origin nicht erlaubt'],
  ['no host named', 'kein Host genannt'],
  ['request not sent in time', 'Anfrage nicht rechtzeitig gesendet'],
  ['chunk extensions too long', 'Chunk-Erweiterungen zu lang'],
  ['headers too long', 'Kopfzeilen zu lang'],
  ['not an HTTP request', 'keine HTTP-Anfrage'],
  ['not served here', 'wird hier nicht bedient'],
  ['CONNECT is not served', 'CONNECT wird nicht bedient'],
  ['unknown path', 'unbekannter Pfad'],
  ['a WebSocket needs HTTP/1.1', 'ein WebSocket braucht HTTP/1.1'],
  ['unsupported WebSocket version', 'diese WebSocket-Version wird nicht unterstützt'],
  ['not a WebSocket handshake', 'kein WebSocket-Handshake'],
  ['gateway is {}', 'das Gateway ist {1}'],
  ['too many connections', 'zu viele Verbindungen'],
  ['too many idle connections', 'zu viele unbenutzte Verbindungen'],
  ['too few file descriptors', 'zu wenige Dateideskriptoren'],
  ['handshake timeout', 'Handshake nicht rechtzeitig'],
  ['too many handshakes', 'zu viele Handshakes'],
  ['first message too big', 'erste Nachricht zu groß'],
  ['no connect request', 'kein connect'],
  ['no common protocol version', 'keine gemeinsame Protokollversion'],
  ['token missing', 'Token fehlt'],
  ['token mismatch', 'falscher Token'],
  ['token may not read', 'Token darf nicht lesen'],
  ['too many attempts', 'zu viele Versuche'],
  ['slow', 'liest nicht'],
  ['dead', 'gibt kein Lebenszeichen'],
];
