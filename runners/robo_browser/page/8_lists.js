// Lists: their rows, their paging, and whether all of them was seen.

const FURTHER = /^(page )?suivante?s?( ?[›»>→])?$|^next( page)?$|^[›»→>]{1,2}$|^(voir|afficher|charger) (plus|la suite)/i;
const BACK = /^([‹«<←] ?)?(page )?pr[ée]c[ée]dente?s?$|^prev(ious)?( page)?$|^[‹«←<]{1,2}$/i;
const ELLIPSIS = /^(…|\.{3})$/;
/** Rows and nothing else are waited for on a page that draws them when they are scrolled to. */
const GROWTH = 400;

/** What is seen of a list: its tables, its filters, its paging. For a finder (`job.where`), rows that match are taken as
 * soon as they are there; that there are none, or that these are all, is believed when the page is complete, says of
 * nothing that it is busy, and has stood still for `job.lull` ms (a list that a script renews still shows its old rows).
 * Nothing at all is waited for `job.patience`. */
async function list(job) {
  const began = clock();
  let since = began;
  let page = null;
  const rested = await until(() => {
    const old = page && page.mark;
    page = listNow(job);
    if ((job.where && page.rows.length) || page.signIn || page.status >= 400) return page;
    if (page.mark !== old) since = clock();
    if (document.readyState !== 'complete' && clock() < began + 5000) return null;
    const busy = query(null, '[aria-busy=true]').some(shown); // some pages say so for ever
    return clock() - since >= (busy ? Math.max(job.lull, 2000) : page.tables || page.said ? job.lull : job.patience) ? page : null;
  }, clock() + job.wait);
  const seen = rested || { ...page, restless: true };
  if (rested && !seen.rows.length && !seen.signIn && document.scripts.length) {
    await drawn(); // what a page fetches when it is first seen is only asked for now
    if (markOf(job) !== seen.mark && clock() < began + job.wait) return list({ ...job, wait: began + job.wait - clock() });
  }
  return seen.tables !== 1 || (job.where && seen.rows.length) ? seen : scrolled(seen, job, clock() + job.wait);
}

function listNow(job) {
  const found = job.where ? matchingRows(placeOf(job), job.where, job.columns) : everyRow(placeOf(job), job);
  const rows = job.where ? found.rows.map((row) => Object.fromEntries(Object.entries(job.read).map(([name, read]) => [name, rowText(row, read)]))) : found.rows;
  const said = job.empty && saying(null, job.empty).length > 0;
  const elements = found.read.flatMap((table) => table.rows.map((row) => row.el));
  return { tables: found.tables, rows, said: Boolean(said), echoed: job.search.map((entry) => echoes(entry, elements)), ...paging(job),
    headers: found.headers, columns: found.columns, named: found.named, lines: found.lines, places: found.places, part: partOf(found.read), url: location.href,
    status: statusOf(), ready: document.readyState, signIn: asksToSignIn(), mark: markOf(job), sums: elements.map((el) => sumOf(el.innerText)) };
}

/** Where the list is, if somebody said it. */
function placeOf(job) {
  if (!job.table) return null;
  const place = one(job.table, 'within');
  return place.el || null;
}

/** All rows of the one table that has the columns: texts by heading. */
function everyRow(scope, job) {
  const { found, headers } = tablesWith(scope, job.columns);
  const read = found.filter((table) => table.headers.some(Boolean));
  if (read.length !== 1) return { tables: read.length, rows: [], headers, read, places: read.map((table) => described(table.table)) };
  const [table] = read;
  return { tables: 1, headers, read, columns: [...table.headers.map(tidy), ...Object.keys(job.parts)],
    named: job.columns.map((name) => [name, tidy(table.headers[columnOf(table.headers, name)])]), rows: table.rows.filter((row) => !isLine(row)).map((row) => textsOf(row, table.headers, job.parts)),
    lines: table.rows.filter(isLine).map((row) => cellText(row.cells[0])) };
}

const textsOf = (row, headers, parts) => [...headers.map((header, n) => (header && row.cells[n] ? cellText(row.cells[n]) : null)),
  ...Object.values(parts || {}).map((css) => { const el = row.el.querySelector(css); return el ? squash(el.innerText) : null; })];

/** {shown, total} of a grid that says how many rows it has and draws fewer. */
function partOf(tables) {
  for (const { table, rows } of tables) {
    const total = numberIn(table, 'aria-rowcount');
    const heads = table.matches(TABLES) ? gridOf(table).length - rows.length : 0;
    if (total > 0 && rows.length < total - heads) return { shown: rows.length, total: total - heads };
  }
  return null;
}

/** What scrolls a table: the nearest element around it that does, itself, or one inside it. */
function scrollerOf(table) {
  const runs = (el) => el.scrollHeight > el.clientHeight + 2 && /auto|scroll/.test(getComputedStyle(el).overflowY);
  const inside = [...table.querySelectorAll('*')].find((el) => runs(el) && el.querySelector('[role=row],tr'));
  for (let el = inside || table; el && el !== document.documentElement; el = el.parentElement || el.getRootNode().host) if (runs(el) && el.tagName !== 'BODY') return el;
  const page = table.ownerDocument.scrollingElement;
  return page && page.scrollHeight > page.clientHeight + 2 ? page : null;
}

const drawn = () => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); setTimeout(resolve, 100); });

/** Rows that are only drawn when they are scrolled to: stretch by stretch, until nothing more comes. For a finder until its
 *  row is in sight. Rows that are fetched leave a blank first: they are waited for. */
async function scrolled(first, job, end) {
  const table = () => tablesWith(placeOf(job), columnsOf(job)).found.find((each) => each.headers.some(Boolean));
  const scroller = table() && scrollerOf(table().table);
  if (!scroller) return first;
  const look = () => { newLook(); const now = table(); return now ? now.rows.filter((row) => !isLine(row)).map((row) => ({ at: row.at, key: JSON.stringify(textsOf(row, now.headers, job.parts)) })) : []; };
  const hit = () => { const page = job.where && listNow(job); return page && page.rows.length ? page : null; };
  const slow = Math.max(GROWTH, job.lull);
  const top = look()[0]?.key;
  const back = async () => { scroller.scrollTop = 0; await drawn(); await until(() => look()[0]?.key === top, Math.min(end, clock() + 3 * slow)); };
  const more = await grows(scroller, job, end);
  await back();
  if (!more) return markOf(job) === first.mark || clock() >= end ? first : list({ ...job, wait: end - clock() });
  let rows = look();
  let jumped = false;
  while (clock() < end) {
    const height = scroller.scrollHeight;
    const began = clock();
    scroller.scrollTop += Math.max(20, scroller.clientHeight / 2);
    await drawn();
    const bottom = () => scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 2;
    if (bottom()) await until(() => scroller.scrollHeight !== height || !bottom(), Math.min(end, clock() + slow));
    const joined = await until(() => { const more = join(rows, look()); return more && (filled(scroller, table()) || clock() > began + slow) ? more : null; }, Math.min(end, clock() + 3 * slow));
    const found = hit();
    if (found) return { ...found, scrolled: true };
    jumped ||= !joined;
    rows = joined || rows;
    if (bottom()) break;
  }
  await back();
  newLook();
  const now = listNow(job);
  const part = now.part && rows.length < now.part.total ? { ...now.part, shown: rows.length } : null;
  return { ...now, rows: job.where ? now.rows : rows.map((row) => JSON.parse(row.key)), part, jumped, scrolled: true, restless: first.restless || clock() >= end };
}

const columnsOf = (job) => [...Object.keys(job.where || {}), ...job.columns];

/** Rows with something in them reach down to the lower edge of what is seen of their table. */
function filled(scroller, table) {
  if (!table) return false;
  const whole = table.table.getBoundingClientRect();
  const view = scroller === scroller.ownerDocument.scrollingElement ? { top: 0, height: innerHeight } : { top: scroller.getBoundingClientRect().top, height: scroller.clientHeight };
  const edge = Math.min(whole.bottom, view.top + view.height);
  return table.rows.some((row) => !isLine(row) && row.el.getBoundingClientRect().bottom >= Math.max(edge, view.top) - 2 && row.cells.some((cell) => cell && cellText(cell)));
}

/** Whether scrolling to the end brings other rows, or more. Without a script nothing does. */
async function grows(scroller, job, end) {
  if (!scroller.ownerDocument.scripts.length) return false;
  const before = markOf(job);
  scroller.scrollTop = scroller.scrollHeight;
  return Boolean(await until(() => markOf(job) !== before, Math.min(end, clock() + Math.max(GROWTH, job.lull))));
}

/** Two stretches of one list: by the numbers of their rows, else by the rows they share. null: they share none. */
function join(rows, more) {
  if ([...rows, ...more].every((row) => row.at)) {
    return [...new Map([...rows, ...more].map((row) => [row.at, row])).values()].sort((a, b) => a.at - b.at);
  }
  const starts = (long, short) => short.every((row, n) => long[n]?.key === row.key);
  if (more.length >= rows.length && starts(more, rows)) return more;
  for (let shared = Math.min(rows.length, more.length); shared > 0; shared -= 1) {
    if (starts(more, rows.slice(-shared))) return [...rows, ...more.slice(shared)];
  }
  return null;
}

function rowText(row, read) {
  const target = read.targets[0];
  if (target.css) { const el = row.el.querySelector(target.css); return el ? squash(el.innerText) : null; }
  const column = columnOf(row.headers, target.name || '');
  const cell = column >= 0 ? row.cells[column] : null;
  return cell ? cellText(cell) : null;
}

/** The field still shows what was searched; when it is empty, the page says it outside the rows, or its address does
 *  for this field; when it is gone, only the page. */
function echoes(entry, rows) {
  const place = one(entry.targets, 'enter');
  const shown = place.failed ? null : shownIn(place.el, entry);
  if (shown && (shown.kind === 'choice' || squash(shown.text))) return { shown };
  const outside = saying(null, entry.text).some((el) => !rows.some((row) => row.contains(el)) && !el.closest('tr,[role=row]'));
  return { said: outside || (!place.failed && addressSays(place.el.name, entry.text)) };
}

/** Whether the address gives this text for the field of this name; in its query, or in that of its fragment
 *  (`#/liste?q=`). */
function addressSays(name, text) {
  const fragment = location.hash.includes('?') ? location.hash.slice(location.hash.indexOf('?')) : '';
  return Boolean(name && squash(text))
    && [location.search, fragment].some((query) => squash(new URLSearchParams(query).get(name) || '') === squash(text));
}

/** {next, hint, back, current}. `next`: `off`, nothing further; `on`, a further page; `none`, no such button; `several`. */
function paging(job) {
  if (job.pages) {
    const pager = pagerOf(job);
    return { next: !pager ? 'none' : pager.next ? 'on' : 'off', hint: pager ? '' : pagingHint(), current: pager?.current || 0 };
  }
  if (!job.next) return { next: 'none', hint: pagingHint() };
  const place = one(job.next, 'click');
  if (place.failed) return { next: place.failed === 'several' ? 'several' : 'none', hint: pagingHint() };
  return { next: idle(place.el) ? 'off' : 'on', hint: '', back: backOf(place.el) };
}

/** Page numbers: which one is shown, and what leads to the one after it (its number, else what shows further numbers). */
function pagerOf(job) {
  const place = one(job.pages, 'within');
  if (place.failed) return null;
  const numberOf = (el) => { const found = /^(?:page )?(\d{1,5})$/i.exec(tidy(names(el)[0] || el.innerText)); return found ? Number(found[1]) : 0; };
  const links = query(place.el, CLICKABLE).filter((el) => usable(el));
  const chosen = (el) => el.matches('[aria-current]:not([aria-current=false]),[aria-selected=true]') || [el, el.parentElement].some((each) => /(^|[\s_-])(active|current|selected|courante?|actuelle?)($|[\s_-])/i.test(each.getAttribute('class') || ''));
  const open = links.filter((el) => numberOf(el) && !idle(el) && !chosen(el));
  const shownNow = [...links.filter((el) => numberOf(el) && !open.includes(el)),
    ...inner([...place.el.querySelectorAll('*')].filter((el) => shown(el) && !el.closest(CLICKABLE) && !el.querySelector(CLICKABLE) && numberOf(el)))];
  const current = shownNow.length === 1 ? numberOf(shownNow[0]) : 0;
  const wanted = job.turn || (current || job.turned || 1) + 1;
  const further = links.filter((el) => !idle(el) && names(el).some((name) => FURTHER.test(tidy(name)) || ELLIPSIS.test(tidy(name))));
  const behind = (el) => !shownNow.length || Boolean(shownNow[0].compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING);
  return { current, next: open.find((el) => numberOf(el) === wanted) || (job.turn ? null : further.find(behind)) || null };
}

/** What leads to the next page, for a click. */
function turning(job) {
  const next = pagerOf(job)?.next;
  return next ? { el: next, rank: 0 } : { failed: 'none', target: job.pages[0] };
}

/** It says that it does nothing now, looks so (a class like `ui-state-disabled`), or takes no mouse. */
const grey = (el) => el.matches(':disabled') || el.closest('.disabled,[aria-disabled=true]') || getComputedStyle(el).pointerEvents === 'none'
  || [el, el.parentElement].some((each) => /(^|[\s_-])disabled($|\s)/.test(each?.getAttribute('class') || ''));

/** A button or link that does nothing now. */
const idle = (el) => grey(el) || (el.tagName === 'A' && !el.hasAttribute('href') && !el.matches('[role],[onclick],[tabindex]') && getComputedStyle(el).cursor !== 'pointer');

/** A further page that nobody declared. */
function pagingHint() {
  const el = query(null, CLICKABLE).find((item) => usable(item) && !idle(item)
    && (item.rel === 'next' || names(item).some((name) => FURTHER.test(tidy(name)))));
  return el ? described(el) : '';
}

/** What leads back, beside what leads on: then this is not the first page. */
function backOf(next) {
  let around = next.parentElement;
  for (let up = 0; up < 3 && around && !around.matches('body,form,main'); up += 1, around = around.parentElement) {
    const el = [...around.querySelectorAll(CLICKABLE)].find((item) => usable(item) && !idle(item) && (item.rel === 'prev' || names(item).some((name) => BACK.test(tidy(name)))));
    if (el) return described(el);
  }
  return '';
}

/** Changes when the list does. */
function markOf(job) {
  const found = tablesWith(null, job.where ? columnsOf(job) : job.columns || []).found.map((table) => table.table);
  const text = [...new Set([...query(null, TABLES).filter(shown), ...found])].map((table) => table.innerText).join('\n');
  return `${text.length}:${sumOf(text)}`;
}

/** A number that two texts share only when they are the same, or by a rare chance. */
function sumOf(text) {
  let sum = 0;
  for (let n = 0; n < text.length; n += 1) sum = (sum * 31 + text.charCodeAt(n)) | 0;
  return sum;
}
