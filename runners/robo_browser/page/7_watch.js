// The race after an act: a receipt, a refusal, what is expected, or the page's own trouble.

let before = null;
let awaited = null;

/** What the page already says before the act: it is no answer to it. Looked at when the act is prepared, and again as
 *  it is done (without `watch`). */
function remember(watch = awaited) {
  awaited = watch;
  if (!watch) return;
  newLook();
  before = { read: {}, refused: new Map(), expect: new Map() };
  for (const [name, read] of Object.entries(watch.read || {})) before.read[name] = JSON.stringify(lookAt(read)?.texts || []);
  for (const kind of ['refused', 'expect']) {
    for (const watched of watch[kind] || []) {
      for (const { el } of seen(watched)) before[kind].set(el, squash(el.innerText));
    }
  }
}

/** {texts, rank, fields} of a read, or null when it is not there yet. */
function lookAt(read) {
  let blank = null;
  for (const [rank, target] of read.targets.entries()) {
    const { list } = find(target, 'read');
    if (!list.length) continue;
    blank = { blank: true };
    if (list.length > 1 && !read.all) return { several: list.length, target, places: list.slice(0, 5).map(({ el }) => described(el)) };
    const texts = list.map(({ el, text }) => text ?? (el.matches(FIELDS) ? valueOf(el) : isGroup(el) && el.matches('td,th') ? cellText(el) : squash(el.innerText) || (el.matches('img') ? el.alt : '')));
    if (read.all || texts[0]) return { texts, rank };
  }
  return blank;
}

const seen = (targets) => {
  for (const target of targets) {
    const { list } = find(target, 'see');
    if (list.length) return list;
  }
  return [];
};

const fresh = (kind, targets) => seen(targets).find(({ el }) => !before?.[kind].has(el) || before[kind].get(el) !== squash(el.innerText));

/** Everything read that must be: {values: {name: texts}}, or what is missing. `not`: texts that were looked at and do not do. */
function readAll(job) {
  const values = {};
  const ranks = {};
  const missing = [];
  let several = null;
  let blank = false;
  for (const [name, read] of Object.entries(job.read || {})) {
    const found = lookAt(read);
    if (found?.several) { several = { failed: 'several', count: found.several, target: found.target, places: found.places }; missing.push(name); continue; }
    const texts = found?.texts;
    const text = texts && JSON.stringify(texts);
    const stale = job.after && before && before.read[name] === text;
    if (texts && !stale && !(job.not?.[name] || []).includes(text)) { values[name] = found.texts; ranks[name] = found.rank; }
    else if (read.required) { missing.push(name); blank ||= Boolean(found); }
  }
  return { values, ranks, missing, several, blank };
}

/** Whether the armed press came, or was refused, before `end` and before another job. */
async function pressed(mine, end) {
  for (;;) {
    if (turn !== mine) return false;
    if (deadline.pressed || deadline.missed || isLate()) return true;
    if (clock() >= end) return false;
    await woken(Math.min(end - clock(), 200));
  }
}

/** Waits for the first of: {values}, {expected}, {refused: n, words}, {late}, {status}; {timeout} at the end. `pressIn`:
 *  looks from the press on, which comes in so many ms; {over} when it did not. */
async function watch(job) {
  const mine = turn;
  if (job.pressIn !== undefined && !await pressed(mine, clock() + job.pressIn)) return { over: true };
  const end = clock() + job.wait;
  const hasRead = Object.keys(job.read || {}).length > 0;
  const hasExpect = (job.expect || []).length > 0;
  const look = () => {
    if (turn !== mine) return { over: true };
    if (isLate()) return { late: true };
    if (deadline.missed) return { missed: true };
    if (document.readyState === 'loading') return null;
    const read = hasRead ? readAll(job) : null;
    const whole = read && !read.missing.length && (!job.after || Object.keys(read.values).length > 0);
    const see = (targets) => (job.after ? fresh('expect', targets) : seen(targets)[0]);
    const expected = !hasExpect || job.expect.every(see);
    if (hasRead ? whole && expected : hasExpect && expected) return { ok: true, values: read?.values || {}, ranks: read?.ranks || {} };
    for (const [n, targets] of (job.refused || []).entries()) {
      const found = job.after ? fresh('refused', targets) : seen(targets)[0];
      if (found && whole) return { ok: true, values: read.values, ranks: read.ranks };
      if (found) return { refused: n, words: squash(found.el.innerText).slice(0, 500) };
    }
    const status = statusOf();
    if (job.status && status >= 400 && document.readyState === 'complete') return { status };
    if (job.signIn && document.readyState === 'complete' && asksToSignIn()) return { signIn: true };
    if (job.settled && document.readyState === 'complete') return { settled: true };
    return null;
  };
  const found = await until(look, end, true);
  if (found) return found;
  const read = readAll(job);
  const unseen = (job.expect || []).findIndex((targets) => !seen(targets).length);
  const sought = unseen >= 0 ? job.expect[unseen][0] : read.missing.length ? job.read[read.missing[0]].targets[0] : {};
  return { timeout: true, unlike: sought.snapshot && unlike(sought), loading: document.readyState === 'loading', missing: read.missing, several: read.several, blank: read.blank, unseen, values: read.values,
    near: nearest(sought, 'see') };
}

const statusOf = () => (location.protocol === 'chrome-error:' ? 599 : performance.getEntriesByType('navigation')[0]?.responseStatus || 0);
const asksToSignIn = () => query(null, 'input[type=password]').some(shown);
