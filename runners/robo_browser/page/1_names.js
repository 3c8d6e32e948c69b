// What things on a page are called. Runs in a world of our own: the page sees none of it and can change none of it.

const FIELDS = 'input:not([type=hidden],[type=submit],[type=button],[type=reset],[type=image]),textarea,select,' +
  '[contenteditable=""],[contenteditable=true],[contenteditable=plaintext-only],[role=textbox],[role=searchbox],' +
  '[role=combobox],[aria-haspopup=listbox],[role=spinbutton],[role=checkbox],[role=radio],[role=switch],[role=listbox]';
const BUTTONS = 'button,input[type=submit],input[type=button],input[type=reset],input[type=image],summary,[role=button]';
const LINKS = 'a[href],area[href],[role=link]';
const CHOICES = '[role=tab],[role=menuitem],[role=option],[role=treeitem],[role=menuitemcheckbox],[role=menuitemradio]';
const ROLES = {
  button: BUTTONS, link: LINKS, tab: '[role=tab]', field: FIELDS, label: FIELDS,
  heading: 'h1,h2,h3,h4,h5,h6,[role=heading]',
  row: 'tr,[role=row]', cell: 'td,th,[role=cell],[role=gridcell],[role=columnheader],[role=rowheader]',
  dialog: 'dialog,[role=dialog],[role=alertdialog]',
  section: 'section,article,fieldset,form,details,main,aside,nav,table,[role=region],[role=group],[role=form],' +
    '[role=tabpanel],[role=table],[role=grid],[role=main],[role=navigation],[role=search],dialog,[role=dialog]',
  alert: '[role=alert],[role=alertdialog],[role=status],[aria-live=assertive],.fr-alert,.alert',
};
const CLICKABLE = [BUTTONS, LINKS, CHOICES].join(',');
const SILENT = new Set(['SCRIPT', 'STYLE', 'TEMPLATE', 'NOSCRIPT', 'SELECT', 'TEXTAREA', 'OPTION', 'DATALIST']);
const ASIDE = 'small,[class*="hint"],[class*="help"],[class*="messages"],[class*="error-text"]';
const TEST_IDS = ['data-testid', 'data-test-id', 'data-test', 'data-qa'];

const squash = (text) => (text || '').normalize('NFC').replace(/[\u200b\u00ad\u2060\ufeff]/g, '').replace(/[\u2019\u02bc]/g, "'")
  .replace(/\s+/gu, ' ').trim();

const ADDED = /\s*(?::|\*|[▲▼△▽▴▾↑↓↕⇅⬆⬇]|\((?:champ )?(?:obligatoire|requis|requise|facultatif|facultative|optionnel|optionnelle)\))$/iu;

/** A name as names are compared: blanks collapsed, ` :`, ` *` and `(obligatoire)` at its end and the like left out. */
function tidy(text) {
  let name = squash(text);
  for (;;) {
    const shorter = name.replace(ADDED, '');
    if (shorter === name || !shorter) return name;
    name = shorter;
  }
}

const FORMATS = /(?:(?:pdf|docx?|xlsx?|od[tsp]|pptx?|csv|txt|rtf|zip|xml|json|jpe?g|png|gif|tiff?|html?|epub|ics)(?:\s*(?:,|\/|et|ou|and|or)\s*(?!\d)|\b))+/.source;
const WEIGHT = /\d[\d\s.,]*(?:[kmg]i?[ob]|octets?|bytes)(?:\s*max(?:imum|i)?)?/.source;
const WINDOW = /(?:(?:s'ouvre|ouvre|ouverture|opens)\s)?(?:(?:dans|in)\s)?(?:(?:une?|an?)\s)?(?:nouvelle fenêtre|nouvel onglet|new (?:window|tab))/.source;
const ASIDES = `(?:${[FORMATS, WEIGHT, WINDOW, /lien externe|external link|\d+ pages?/.source, /(?:champ )?(?:obligatoire|requise?|facultati(?:f|ve)|optionnel(?:le)?)/.source].join('|')})`;
const SET_OFF = /\s*[-–—,;:|·]\s*/.source;
const APART = /\s+[-–—|·]\s*/.source;
const MORE = new RegExp(`(?:\\s*[([]\\s*${ASIDES}(?:(?:${SET_OFF}|\\s+)${ASIDES})*\\s*[)\\]]|${APART}${ASIDES}|\\s+${WINDOW}|\\s*${FORMATS}(?:${SET_OFF}|\\s+)${WEIGHT}|\\s+champ obligatoire)$`, 'iu');

/** A name without what is said of the thing at its end, piece by piece: format and weight of a file, that a window opens,
 *  that an answer is needed. « Avis (PDF – 12 ko) - nouvelle fenêtre » is « Avis (PDF – 12 ko) », then « Avis ». */
function briefer(text) {
  const found = [];
  for (let name = tidy(text); ;) {
    const shorter = tidy(name.replace(MORE, ''));
    if (!shorter || shorter === name) return found;
    found.push(shorter);
    name = shorter;
  }
}

/** Data as it is compared (`is like`): case, accents and blanks left out. */
const like = (text) => squash(text).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s/gu, '');

function shown(el) {
  return el.isConnected && el.checkVisibility({ visibilityProperty: true }) && el.getClientRects().length > 0;
}

/** A control that can be seen, or whose label can (many designs hide the box itself and draw another). */
function usable(el) {
  if (el.closest('[inert],[aria-hidden=true]')) return false;
  if (shown(el)) return true;
  return isBox(el) && [...(el.labels || [])].some(shown);
}

const isBox = (el) => el.matches('input[type=checkbox],input[type=radio]');

/** The visible text of an element: without scripts, controls, what is hidden, and what `skip` matches. */
function textOf(el, skip) {
  const parts = [];
  const walk = (node) => {
    if (node.nodeType === 3) { parts.push(node.data); return; }
    if (node.nodeType !== 1 || SILENT.has(node.tagName)) return;
    if (node !== el && ((skip && node.matches(skip)) || node.getAttribute('aria-hidden') === 'true')) return;
    if (node.tagName === 'IMG') { parts.push(' ', node.alt || '', ' '); return; }
    if (node.tagName === 'BR') { parts.push(' '); return; }
    const display = node === el ? 'inline' : getComputedStyle(node).display;
    if (display === 'none') return;
    const apart = !display.startsWith('inline') && display !== 'contents';
    if (apart) parts.push(' ');
    if (node.tagName === 'SLOT' && node.assignedNodes().length) node.assignedNodes().forEach(walk);
    else (node.shadowRoot || node).childNodes.forEach(walk);
    if (apart) parts.push(' ');
  };
  walk(el);
  return squash(parts.join(''));
}

function referred(el, attribute) {
  const ids = (el.getAttribute(attribute) || '').split(/\s+/).filter(Boolean);
  return ids.map((id) => el.getRootNode().getElementById?.(id)).filter(Boolean).map((other) => textOf(other)).join(' ');
}

const withAndWithoutAside = (el) => {
  const whole = textOf(el);
  return el.querySelector(ASIDE) ? [whole, textOf(el, ASIDE)] : [whole];
};

/** Accessible names: what `aria-labelledby`, `aria-label` and labels say; for what has content, the content. */
function names(el) {
  const found = [];
  if (el.hasAttribute('aria-labelledby')) found.push(referred(el, 'aria-labelledby'));
  if (el.hasAttribute('aria-label')) found.push(el.getAttribute('aria-label'));
  for (const label of el.labels || []) found.push(...withAndWithoutAside(label));
  if (el.tagName === 'INPUT') {
    if (['submit', 'button', 'reset'].includes(el.type)) found.push(el.value);
    if (el.type === 'image') found.push(el.alt);
  } else if (el.tagName === 'AREA') found.push(el.alt);
  else if (!el.matches(FIELDS) || el.matches('[role=checkbox],[role=radio],[role=switch]')) found.push(...withAndWithoutAside(el));
  const said = found.filter((name) => squash(name));
  return said.length || !el.title ? said : [el.title];
}

/** What a container is called: its label, legend, caption, summary or first heading. */
function titles(el) {
  const found = [];
  if (el.hasAttribute('aria-labelledby')) found.push(referred(el, 'aria-labelledby'));
  if (el.hasAttribute('aria-label')) found.push(el.getAttribute('aria-label'));
  const own = el.querySelector(':scope > legend,:scope > caption,:scope > summary');
  if (own) found.push(textOf(own));
  const heading = el.querySelector(ROLES.heading);
  if (heading) found.push(textOf(heading));
  return found.filter(Boolean);
}

const testIds = (el) => TEST_IDS.map((name) => el.getAttribute(name)).filter(Boolean);

const isControl = (node) => node.nodeType === 1 && (node.matches(FIELDS) || node.matches(BUTTONS));

/** What stands between a control (or the end) and the control before it in `container`, line by line: [{text, aside}]. */
function linesBefore(container, control) {
  const lines = [];
  let line = '';
  let before = true;
  const end = (aside) => { if (squash(line)) lines.push({ text: squash(line), aside }); line = ''; };
  const walk = (node, aside) => {
    if (!before) return;
    if (node === control) { before = false; return; }
    if (isControl(node)) { lines.length = 0; line = ''; return; }
    if (node.nodeType === 3) { line += node.data; return; }
    if (node.nodeType !== 1 || SILENT.has(node.tagName) || !node.checkVisibility()) return;
    const other = aside || node.matches(ASIDE);
    const apart = node.tagName === 'BR' || !/^(inline|contents)/.test(getComputedStyle(node).display) || other !== aside;
    if (apart) end(aside);
    node.childNodes.forEach((child) => walk(child, other));
    if (apart && before) end(other);
  };
  container.childNodes.forEach((child) => walk(child, false));
  end(false);
  return lines;
}

const joined = (lines) => lines.map((line) => line.text).join(' ');
const plain = (lines) => lines.filter((line) => !line.aside);

/** What may be meant by the words before a control: the nearest line, the nearest that is no hint, all of it. */
const calledBefore = (container, control) => {
  const lines = linesBefore(container, control);
  return lines.length ? [lines.at(-1).text, ...plain(lines).slice(-1).map((line) => line.text), joined(lines)] : [];
};

/** What a cell with words calls the control beside it: all of it, it without hints, its first line. */
const calledBy = (cell) => {
  const lines = linesBefore(cell, null);
  return lines.length ? [joined(lines), joined(plain(lines)), lines[0].text].filter(Boolean) : [];
};

/** Text beside a control: the cell on its left, else the heading above; outside tables the text just before it. */
function beside(el) {
  if (!isBox(el)) return isChoice(el) && names(el).length ? [] : besideField(el);
  if (el.labels?.length) return [];
  const after = textAfter(el);
  return after && !labelledBefore(el) ? [after] : besideField(el);
}

const CELL = 'td,th,[role=cell],[role=gridcell]';
const BOXES = 'input[type=checkbox],input[type=radio]';

/** A row of boxes whose words stand before each, not after: there are words before the first and none after the last. */
function labelledBefore(el) {
  const around = el.closest(CELL) || el.parentElement;
  const boxes = [...around.querySelectorAll(BOXES)];
  return boxes.length > 1 && !textAfter(boxes.at(-1)) && linesBefore(around, boxes[0]).length > 0;
}

/** The text that follows a box nobody labelled, up to the next control. */
function textAfter(el) {
  const parts = [];
  for (let next = el.nextSibling; next && !isControl(next) && next.nodeName !== 'BR'; next = next.nextSibling) {
    parts.push(next.nodeType === 3 ? next.data : next.nodeType === 1 && !next.querySelector?.(FIELDS) ? ` ${next.textContent} ` : '');
  }
  return squash(parts.join(''));
}

function besideField(el) {
  const cell = el.closest(CELL);
  if (cell) {
    const inside = calledBefore(cell, el);
    return inside.length ? inside : besideCellOf(cell);
  }
  for (let box = el.parentElement, depth = 0; box && depth < 6; box = box.parentElement, depth += 1) {
    const found = calledBefore(box, el);
    if (found.length || box.matches('form,body,fieldset')) return found;
    if (box.querySelectorAll(FIELDS).length > 1) break;
  }
  return [];
}

/** What a cell is called by its row and its column. */
function besideCellOf(cell) {
  const found = [headerOf(cell)].filter(Boolean);
  for (let left = cell.previousElementSibling; left && !left.querySelector(FIELDS); left = left.previousElementSibling) {
    const words = calledBy(left);
    if (words.length) return [...words, ...found];
  }
  return found;
}

/** What a set of boxes is called that nobody gave a legend: by what stands before the first, or beside all of them. */
function setNames(around, boxes) {
  const cell = around.closest(CELL);
  return [...besideField(boxes[0]), ...(cell ? [...calledBefore(cell, boxes[0]), ...besideCellOf(cell)] : [])];
}
