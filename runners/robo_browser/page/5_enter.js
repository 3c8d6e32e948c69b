// Entry: everything located and checked, then entered as a person's editing (trusted input events), then read back.

const DATES = ['date', 'month', 'week', 'time', 'datetime-local'];
const SET = [...DATES, 'color', 'range'];

const isSelect = (el) => el.tagName === 'SELECT';
const isGroup = (el) => !el.matches(FIELDS);

/** A list that opens when it is clicked, drawn by the page itself. */
const isCombo = (el) => !isSelect(el) && el.matches('[role=combobox],[aria-haspopup=listbox]');

/** Entering here may make other fields appear. */
const decides = (el) => isSelect(el) || isGroup(el) || isChoice(el) || isCombo(el) || el.matches('[role=listbox]');

function locked(el) {
  if (isGroup(el)) return el.tagName === 'FIELDSET' && el.matches(':disabled');
  return el.matches(':disabled') || el.getAttribute('aria-disabled') === 'true' || (el.readOnly && !SET.includes(el.type));
}

/** The radio button or box of a group that is called `text`. */
const member = (group, text) => {
  const boxes = [...group.querySelectorAll(FIELDS)].filter((el) => usable(el) && isChoice(el));
  for (const naming of [names, beside, (el) => [el.value]]) {
    const found = called(boxes, text, naming);
    if (found.length) return found;
  }
  return [];
};

function locate(entry) {
  const found = one(entry.targets, 'enter');
  if (found.failed) return found;
  if (locked(found.el)) return { failed: 'locked', target: entry.targets[0], places: [described(found.el)] };
  if (isSelect(found.el)) {
    const missing = wantedOptions(found.el, entry).find((pair) => !pair.option);
    if (missing) return { failed: 'option', target: entry.targets[0], text: missing.text, near: optionNames(found.el) };
  } else if (isGroup(found.el) && !entry.empty) {
    const missing = entry.texts.find((text) => member(found.el, text).length !== 1);
    if (missing !== undefined) {
      const boxes = [...found.el.querySelectorAll(FIELDS)].flatMap((el) => names(el).slice(0, 1));
      return { failed: 'option', target: entry.targets[0], text: missing, near: boxes };
    }
  }
  if (isChoice(found.el) && entry.on === null && !called([found.el], entry.text, names).length) {
    return { failed: 'option', target: entry.targets[0], text: entry.text, near: ['oui', 'non'] };
  }
  return found;
}

const optionNames = (select) => [...select.options].map((option) => squash(option.label)).filter(Boolean).slice(0, 12);

function wantedOptions(select, entry) {
  if (entry.empty) return [];
  const options = [...select.options].filter((option) => !option.disabled);
  const choose = (text) => {
    const byLabel = called(options, text, (option) => [option.label, option.text]);
    const byValue = byLabel.length ? byLabel : options.filter((option) => option.value === text);
    return byValue[0] || byNumber(options, text);
  };
  return entry.texts.map((text, n) => ({ text, option: choose(text) || (entry.values?.[n] ? choose(entry.values[n]) : null) }));
}

/** A day, a month: `01` is `1`, if only one option says so. */
function byNumber(options, text) {
  if (!/^\d+$/.test(text)) return null;
  for (const said of [(option) => option.label, (option) => option.value]) {
    const found = options.filter((option) => /^\s*\d+\s*$/.test(said(option)) && Number(said(option)) === Number(text));
    if (found.length) return found.length === 1 ? found[0] : null;
  }
  return null;
}

function fire(el) {
  el.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
  el.dispatchEvent(new Event('change', { bubbles: true }));
}

function choose(select, entry) {
  const wanted = wantedOptions(select, entry).map((pair) => pair.option);
  const before = [...select.selectedOptions];
  if (before.length === wanted.length && wanted.every((option) => before.includes(option))) return;
  select.focus();
  if (select.multiple) for (const option of select.options) option.selected = wanted.includes(option);
  else if (entry.empty) select.selectedIndex = [...select.options].findIndex((option) => option.value === '');
  else wanted[0].selected = true;
  fire(select);
}

const ticked = (el) => (isBox(el) ? el.checked : el.getAttribute('aria-checked') === 'true');

function tick(el, on) {
  if (ticked(el) === on) return;
  if (shown(el)) el.focus();
  if (shown(el)) el.click();
  else [...el.labels].find(shown).click();
}

function typeIn(el, text) {
  if (el.isContentEditable ? squash(el.innerText) === squash(text) : el.value === text) return;
  focusAll(el);
  const editor = el.ownerDocument;
  if (text === '') editor.execCommand('delete');
  else editor.execCommand('insertText', false, text);
}

function focusAll(el) {
  el.focus();
  if (el.select) { if (el.value !== '') el.select(); }
  else el.ownerDocument.getSelection().selectAllChildren(el);
}

function put(el, entry) {
  if (isSelect(el)) choose(el, entry);
  else if (entry.choose && isCombo(el)) return; // wants clicks: seen when it is read back
  else if (isGroup(el)) {
    for (const text of entry.empty ? [] : entry.texts) tick(member(el, text)[0], true);
  } else if (isChoice(el)) tick(el, entry.on !== false);
  else if (SET.includes(el.type)) {
    const value = entry.iso?.[el.type] ?? entry.text;
    if (el.value === value) return;
    el.focus();
    el.value = value;
    fire(el);
  } else typeIn(el, el.type === 'number' ? entry.dot ?? entry.text : entry.text);
}

/** A field's value as a person reads it: the texts of the chosen options, else what is written in it. */
function valueOf(el) {
  if (isSelect(el)) return [...el.selectedOptions].map((option) => squash(option.label)).join(', ');
  if (isChoice(el)) return ticked(el) ? 'oui' : 'non';
  return el.isContentEditable ? el.innerText : el.value ?? squash(el.innerText);
}

/** What a field shows after entry, for comparison by value. */
function shownIn(el, entry) {
  if (isSelect(el)) {
    const wanted = wantedOptions(el, entry).map((pair) => pair.option);
    const now = [...el.selectedOptions];
    const same = entry.empty ? now.every((option) => option.value === '') : wanted.length === now.length && wanted.every((o) => now.includes(o));
    return { kind: 'choice', same, text: valueOf(el) };
  }
  if (isGroup(el)) {
    const on = [...el.querySelectorAll(FIELDS)].filter((box) => isChoice(box) && ticked(box));
    return { kind: 'choice', same: entry.empty ? !on.length : entry.texts.every((text) => on.includes(member(el, text)[0])), text: on.flatMap((box) => names(box).slice(0, 1)).join(', ') };
  }
  if (isChoice(el)) return { kind: 'choice', same: ticked(el) === (entry.on !== false), text: valueOf(el) };
  if (entry.choose && isCombo(el)) return { kind: 'choice', same: comboHolds(el, entry), text: squash(valueOf(el) || el.innerText) || chipsOf(el).join(', ') };
  if (SET.includes(el.type)) return { kind: 'choice', same: setSame(el, entry), text: el.value };
  if (el.type === 'password') return { kind: 'choice', same: el.value === entry.text, text: '•••' };
  return { kind: el.type === 'number' ? 'number' : 'text', text: valueOf(el) };
}

const comboShows = (el, text) => [el.value, el.innerText, ...withAndWithoutAside(el)].some((own) => tidy(own).toLowerCase() === tidy(text).toLowerCase());

const CHIP = ['chip', 'tag', 'token', 'badge', 'pill', 'multi'].map((word) => `[class*="${word}" i]`).join();
const OPTIONS = '[role=option],[role=menuitemradio],[role=treeitem]';

/** What was chosen already and stands beside a field that takes several: each with its own button, or drawn as such. What
 *  may yet be chosen, of a list that is open, is none of them, nor is a plain list beside the field. */
function chipsOf(el) {
  const drawn = (part) => part.matches(CHIP) && !part.closest(OPTIONS) && !part.querySelector(OPTIONS);
  const chips = (box) => inner([...box.querySelectorAll('*')].filter((part) => !part.contains(el) && !part.closest('[role=listbox],label') && shown(part)
    && !isControl(part) && (drawn(part) || part.querySelector(BUTTONS)) && textOf(part, BUTTONS))).map((part) => textOf(part, BUTTONS));
  for (let box = el.parentElement, up = 0; box && up < 4 && !box.matches('form,body,fieldset'); box = box.parentElement, up += 1) {
    if ([...box.querySelectorAll(FIELDS)].some((other) => other !== el && usable(other))) break;
    const found = chips(box);
    if (found.length) return [...new Set(found)];
  }
  return [];
}

/** Every wanted text is what the field shows, or one of what was chosen beside it. */
function comboHolds(el, entry) {
  if (comboShows(el, entry.text)) return true;
  const chips = chipsOf(el).map((text) => tidy(text).toLowerCase());
  return !entry.empty && entry.texts.every((text) => comboShows(el, text) || chips.includes(tidy(text).toLowerCase()));
}

/** An option of a list that is open somewhere on the page. */
function optionOf(text) {
  const open = query(null, OPTIONS).filter(usable);
  const found = called(open, text, names);
  if (found.length === 1) return { el: found[0], rank: 0 };
  return { failed: found.length ? 'several' : 'option', text, count: found.length, near: open.slice(0, 12).map((el) => textOf(el)) };
}

const setSame = (el, entry) => {
  const wanted = entry.iso?.[el.type] ?? entry.text;
  return el.value === wanted || (el.type === 'time' && el.value.slice(0, 5) === wanted.slice(0, 5) && /^(:00)?$/.test(el.value.slice(5) + wanted.slice(5)));
};

const allowed = (el, origins) => !origins || [el.ownerDocument, document].every((doc) => origins.includes(doc.defaultView.location.origin));

/** Enters a whole page of fields; then, if `job.button` is given, finds and hit-tests it. See `Entry` in Python. */
async function enter(job) {
  const end = clock() + job.wait;
  const done = [];
  while (done.length < job.entries.length) {
    let failure = null;
    const batch = await until(() => {
      const found = [];
      failure = null;
      if (unread()) { failure = { failed: 'none', index: done.length, target: job.entries[done.length].targets[0] }; return null; }
      for (const entry of job.entries.slice(done.length)) {
        const place = locate(entry);
        if (place.failed) { failure = { ...place, index: done.length + found.length }; break; }
        found.push(place);
      }
      return !failure || found.length ? found : null; // what is entered may unlock the rest, or make it appear
    }, Math.min(end, clock() + (job.patience ?? job.wait)));
    if (!batch) return { ...failure, near: failure.near || nearest(failure.target, 'enter') };
    for (const place of batch) {
      const entry = job.entries[done.length];
      if (!place.el.isConnected) break;
      if (!allowed(place.el, job.origins)) return { failed: 'origin', origin: place.el.ownerDocument.defaultView.location.origin };
      put(place.el, entry);
      done.push(place);
      if (entry.choose && isCombo(place.el) && !comboHolds(place.el, entry)) return { ...shownNow(done, job), pick: true };
      if (decides(place.el)) { await nextTask(); break; }
    }
    if (failure && done.length < job.entries.length) { leave(done.at(-1).el); await nextTask(); }
  }
  if (done.length && !job.stay) leave(done.at(-1).el);
  if (done.length) await nextTask();
  newLook();
  const answer = shownNow(done, job);
  if (!job.button) return answer;
  return { ...answer, ...await aim({ targets: job.button, wait: end - clock(), watch: job.watch, seconds: job.seconds }) };
}

/** As a person who goes on: pages look at a field when it is left. */
const leave = (el) => el.ownerDocument.activeElement?.blur();

const shownNow = (done, job) => ({ shown: done.map((place, n) => shownAgain(place, job.entries[n])), ranks: done.map((place) => place.rank) });

function shownAgain(place, entry) {
  const again = place.el.isConnected ? place : one(entry.targets, 'enter');
  return again.failed ? { kind: 'choice', same: false, text: '' } : shownIn(again.el, entry);
}

/** For the keyboard: focus one field with all of it selected. */
function focusOne(job) {
  const place = one(job.targets, 'enter');
  if (place.failed) return place;
  if (!allowed(place.el, job.origins)) return { failed: 'origin', origin: location.origin };
  if (isGroup(place.el)) return { boxed: true, settled: true };
  if (job.choose && isCombo(place.el)) return { combo: true, typed: place.el.matches('input') && !place.el.readOnly };
  focusAll(place.el);
  return { text: place.el.type === 'number' ? job.dot ?? job.text : job.text, boxed: decides(place.el) && !isCombo(place.el), settled: isSelect(place.el) };
}

function readBack(job) {
  if (!job.stay) document.activeElement?.blur();
  return { shown: job.entries.map((entry) => { const place = one(entry.targets, 'enter'); return place.failed ? { kind: 'choice', same: false, text: '' } : shownIn(place.el, entry); }) };
}
