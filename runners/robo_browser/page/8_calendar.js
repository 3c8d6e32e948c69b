// Calendars that a page draws: whatever shows the days of a month in a row, under the name of the month.

const MONTHS = [['janvier', 'janv', 'january', 'jan'], ['fevrier', 'fevr', 'fev', 'february', 'feb'], ['mars', 'march', 'mar'],
  ['avril', 'avr', 'april', 'apr'], ['mai', 'may'], ['juin', 'june', 'jun'], ['juillet', 'juil', 'july', 'jul'], ['aout', 'august', 'aug'],
  ['septembre', 'sept', 'september', 'sep'], ['octobre', 'oct', 'october'], ['novembre', 'nov', 'november'], ['decembre', 'dec', 'december']];
const ON = /(^|[\s_-])(next|suivante?|forward|right)($|[\s_-])|^(›|>|»|→|▶|❯|>>|⟩)$/;
const BACKWARD = /(^|[\s_-])(prev|previous|precedente?|back|left)($|[\s_-])|^(‹|<|«|←|◀|❮|<<|⟨)$/;
const OFF = /(^|[\s_-])(disabled|unavailable|unselectable|blocked|inactive|indisponible|fermee?|complet)($|[\s_-])/;
const A_DAY = /^\s*(0?[1-9]|[12]\d|3[01])\s*$/;

const folded = (text) => squash(text).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
const monthNamed = (text) => MONTHS.findIndex((all) => (folded(text).match(/[a-z]+/g) || []).some((word) => all.includes(word))) + 1;

/** Months with their years, in the order of a text. */
function monthsIn(text) {
  const found = [];
  for (const [, name, after, year, later, digits, ofYear] of folded(text).matchAll(/([a-z]{3,})\.?,?\s*(\d{4})(?!\d)|(\d{4})\s+([a-z]{3,})|(?<!\d)(\d{1,2})\s*[/.-]\s*(\d{4})(?!\d)/g)) {
    const month = digits ? Number(digits) : monthNamed(name || later);
    if (month >= 1 && month <= 12) found.push({ year: Number(after || year || ofYear), month });
  }
  return found;
}

/** {days: [elements, the first of the month first]} for each run of 1, 2, 3 … 28 or more that is seen. */
function runs() {
  const days = [];
  for (const root of roots(null)) {
    const walker = (root.ownerDocument || root).createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const el = node.parentElement;
      if (el && A_DAY.test(node.data) && !SILENT.has(el.tagName) && shown(el) && !el.closest('th,[role=rowheader],[class*="week-number"],[class*="weeknumber"],[class*="col-week"]')) days.push({ el, day: Number(node.data) });
    }
  }
  const found = [];
  for (let n = 0; n < days.length; n += 1) {
    if (days[n].day !== 1) continue;
    let end = n + 1;
    while (end < days.length && days[end].day === end - n + 1) end += 1;
    if (end - n >= 28) found.push({ days: days.slice(n, end).map(({ el }) => el) });
  }
  return found;
}

/** Every month that is shown: {year, month, days, box, selects}. */
function calendars() {
  const all = runs();
  return all.map((run) => titled(run, all)).filter((run) => run.month);
}

function titled(run, all) {
  let box = run.days[0].parentElement;
  while (box && !box.contains(run.days.at(-1))) box = box.parentElement;
  for (let up = 0; box && up < 6 && box.tagName !== 'BODY'; up += 1, box = box.parentElement) {
    const inside = all.filter((other) => box.contains(other.days[0]));
    const choices = selectsIn(box);
    const months = monthsIn(textBefore(box, inside[0].days[0]));
    const own = months.length >= inside.length ? months[inside.indexOf(run)] : null;
    const year = choices.year ? Number(valueOf(choices.year)) : Number(/(?<!\d)(?:19|20)\d\d(?!\d)/.exec(textBefore(box, inside[0].days[0]))?.[0] || 0);
    if (choices.month && year) return { ...run, year, month: monthOf(choices.month), box, choices };
    const named = monthNamed(textBefore(box, inside[0].days[0]));
    if (!own && choices.year && named) return { ...run, year, month: named, box, choices };
    if (own) return { ...run, ...own, box, choices };
  }
  return run;
}

/** The words of a calendar before its first day. */
function textBefore(box, day) {
  const walker = box.ownerDocument.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  const parts = [];
  for (let node = walker.nextNode(); node && !(day.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING) && !day.contains(node); node = walker.nextNode()) {
    if (!node.parentElement.closest('select,script,style') && shown(node.parentElement)) parts.push(node.data);
  }
  return squash(parts.join(' '));
}

/** Lists (or a number) in which month and year are chosen. */
function selectsIn(box) {
  const lists = [...box.querySelectorAll('select')].filter(shown);
  const year = lists.find((list) => list.options.length && [...list.options].every((option) => /^\s*\d{4}\s*$/.test(option.label)));
  const month = lists.find((list) => list.options.length > 1 && [...list.options].every((option) => monthNamed(option.label)));
  return { month, year: year || [...box.querySelectorAll('input[type=number],input[class*="year"]')].find((el) => shown(el) && /^\d{4}$/.test(el.value)) };
}

const monthOf = (list) => monthNamed(list.selectedOptions[0]?.label || '');

const titleNow = (all) => all.map(({ year, month }) => `${month}/${year}`).join(' ');

/** Waits until months are shown, and others than `was`; chooses year and month where lists for it are there. */
async function calendar(job) {
  const seen = await until(() => {
    const all = calendars();
    return all.length && titleNow(all) !== job.was ? { all } : null;
  }, clock() + job.wait);
  if (!seen) return { none: true };
  const [first] = seen.all;
  const { choices } = first;
  const title = titleNow(seen.all);
  if (seen.all.some(({ year, month }) => year === job.day.year && month === job.day.month)) return { title, here: true };
  if (choices.year && first.year !== job.day.year) return chosenIn(choices.year, String(job.day.year), title);
  if (choices.month && first.month !== job.day.month && first.year === job.day.year) {
    const option = [...choices.month.options].find((each) => monthNamed(each.label) === job.day.month && !each.disabled);
    return option ? chosenIn(choices.month, option.label, title) : { title, edge: true };
  }
  return { title };
}

function chosenIn(control, text, title) {
  const entry = { text, texts: [text], values: [], empty: false, dot: text };
  if (isSelect(control) && wantedOptions(control, entry).some((pair) => !pair.option)) return { title, edge: true };
  put(control, entry);
  if (!isSelect(control)) { fire(control); control.blur(); }
  return { title, set: true };
}

/** What to press next in a calendar, on the way to a day: the day, or what turns months or years. */
function dayOrTurn({ day }) {
  const all = calendars();
  if (!all.length) return { failed: 'none' };
  const there = all.find(({ year, month }) => year === day.year && month === day.month);
  if (there) {
    const open = there.days.filter((el) => !isOff(el, there));
    const el = there.days[day.day - 1];
    if (!el || !open.includes(el)) return { failed: 'day', near: open.map((each) => squash(each.textContent)) };
    return { el: pressFor(el), rank: 0, what: 'day' };
  }
  const onward = (day.year - all[0].year) * 12 + day.month - all[0].month > 0;
  const from = onward ? all.at(-1) : all[0];
  const wanted = turnersAround(from.box, onward ? ON : BACKWARD);
  const far = Math.abs((day.year - from.year) * 12 + day.month - from.month) >= 12;
  const el = (far && wanted.years[0]) || wanted.months[0];
  if (!el) return { failed: 'turn' };
  return grey(el) || OFF.test(folded(el.getAttribute('class') || '')) ? { failed: 'edge' } : { el, rank: 0, what: 'turn' };
}

/** What a press on a day has to land on. */
const pressFor = (el) => el.closest('a,button,[role=button],[role=option],[role=gridcell]') || el.closest('td') || el;

function isOff(el, { days, box }) {
  const around = [];
  for (let node = el; node && node !== box && !days.some((other) => other !== el && node.contains(other)); node = node.parentElement) around.push(node);
  if (around.some((node) => node.matches(':disabled,[aria-disabled=true]') || OFF.test(folded(node.getAttribute('class') || '')))) return true;
  const pressable = (day) => Boolean(day.closest('a,button,[role=button]'));
  return !pressable(el) && days.some(pressable);
}

/** What turns a calendar stands with its title, or around several months. */
function turnersAround(box, direction) {
  for (let up = 0; box && up < 4 && box.tagName !== 'BODY'; up += 1, box = box.parentElement) {
    const found = turnersOf(box, direction);
    if (found.months.length || found.years.length) return found;
  }
  return { months: [], years: [] };
}

/** What turns a calendar, in one direction: by months, by years. */
function turnersOf(box, direction) {
  const saidBy = (el) => [...names(el), el.getAttribute('title'), el.getAttribute('class'), el.getAttribute('data-action'), el.getAttribute('data-handler'), squash(el.textContent)].filter(Boolean).map(folded);
  const fits = [...box.querySelectorAll('*')].filter((el) => shown(el) && !SILENT.has(el.tagName) && !A_DAY.test(el.textContent) && !monthsIn(el.textContent).length
    && el.querySelectorAll('*').length < 12 && saidBy(el).some((words) => words.split(/\s+/).some((word) => direction.test(word)) || direction.test(words)));
  const pressable = fits.filter((el) => el.matches(CLICKABLE));
  const outer = (list) => list.filter((el) => !list.some((other) => other !== el && other.contains(el)));
  const found = outer(pressable.length ? pressable : fits);
  const ofYears = (el) => saidBy(el).some((words) => /year|annee|an(s)?\b/.test(words)) || (/^(»|«|>>|<<)$/.test(squash(el.textContent)) && found.length > 1);
  return { months: found.filter((el) => !ofYears(el)), years: found.filter(ofYears) };
}

/** What opens the calendar of a field that does not open it itself. */
function openerOf(targets) {
  const place = one(targets, 'enter');
  if (place.failed) return place;
  let box = place.el.parentElement;
  for (let up = 0; box && up < 3 && !box.matches('form,body'); up += 1, box = box.parentElement) {
    if (query(box, FIELDS).filter((el) => el !== place.el && shown(el)).length) break;
    const found = [...box.querySelectorAll(`${CLICKABLE},img,svg,i,span[class]`)].filter((el) => shown(el) && el !== place.el && !el.contains(place.el)
      && [...names(el), el.getAttribute('class') || '', el.getAttribute('alt') || ''].some((words) => /calend|date|agenda|trigger/.test(folded(words))));
    const buttons = [...box.querySelectorAll(CLICKABLE)].filter((el) => usable(el) && !el.contains(place.el));
    if (found[0] || buttons.length === 1) return { el: found.find((el) => el.matches(CLICKABLE)) || found[0]?.closest(CLICKABLE) || found[0] || buttons[0], rank: 0 };
  }
  return { failed: 'none', target: targets[0] };
}

/** The button that some calendars want pressed at the end. */
function confirming() {
  const all = query(null, CLICKABLE).filter((el) => usable(el) && /^(ok|valider|appliquer|choisir|confirmer|apply|set|done|select)$/.test(folded(names(el)[0] || '')));
  const boxes = calendars().map(({ box }) => box.closest('[role=dialog],dialog') || box.parentElement);
  const found = all.filter((el) => boxes.some((box) => box?.contains(el)));
  return found.length === 1 ? { el: found[0], rank: 0 } : { failed: 'none' };
}

/** The day that a calendar without a field shows as chosen. */
function dayChosen({ day }) {
  const there = calendars().find(({ year, month }) => year === day.year && month === day.month);
  const el = there?.days[day.day - 1];
  const chosen = (node) => node.matches('[aria-selected=true],[aria-pressed=true],[aria-checked=true]') || /(^|[\s_-])(selected|active|chosen|choisie?|selectionnee?)($|[\s_-])/.test(folded(node.getAttribute('class') || ''));
  for (let node = el; node && !there.days.some((other) => other !== el && node.contains(other)); node = node.parentElement) if (chosen(node)) return { chosen: true };
  return { chosen: false };
}

/** The field a day is for, or that there is a calendar without one. `own`: the field takes a day by itself. */
async function dateField(job) {
  let place = null;
  const found = await until(() => {
    place = one(job.targets, 'enter');
    return !place.failed || calendars().length ? place : null;
  }, clock() + job.wait);
  if (!found) return { ...place, near: nearest(job.targets[0], 'enter') };
  return place.failed === 'several' ? place : { field: !place.failed, own: !place.failed && DATES.includes(place.el.type) };
}
