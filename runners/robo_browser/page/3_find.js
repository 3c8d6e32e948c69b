// One grammar of targets, found in ranks: role and name, label, placeholder, test id, text beside; then plain text.

/** A document, its open shadow roots and the frames it may look into, or what of them lies inside `scope`. */
function roots(scope) {
  const found = [];
  const visit = (root) => {
    found.push(root);
    for (const el of root.querySelectorAll('*')) {
      if (el.shadowRoot) visit(el.shadowRoot);
      else if ((el.tagName === 'IFRAME' || el.tagName === 'FRAME') && shown(el)) {
        let inner = null;
        try { inner = el.contentDocument; } catch { /* another origin: not ours to look into */ }
        if (inner?.documentElement) visit(inner);
      }
    }
    if (root.shadowRoot) visit(root.shadowRoot);
  };
  visit(scope || document);
  return found;
}

/** What one look at the page found out already. A look changes nothing, so nothing in it grows old; see `newLook`. */
let known = new Map();
const newLook = () => { known = new Map(); };

function once(kind, key, work) {
  let own = known.get(kind);
  if (!own) known.set(kind, own = new Map());
  if (!own.has(key)) own.set(key, work());
  return own.get(key);
}

const query = (scope, selector) => once(scope, selector, () => once('roots', scope, () => roots(scope)).flatMap((root) => [...root.querySelectorAll(selector)]));
const usableOnes = (scope, selector) => once(scope || document, `usable ${selector}`, () => query(scope, selector).filter(usable));

/** Of `elements`, those with `name` among what `naming` gives: same letters first, else whatever the case. */
function called(elements, name, naming) {
  const wanted = tidy(name);
  const lower = wanted.toLowerCase();
  const alike = [];
  const exact = [];
  for (const el of elements) {
    const own = once(naming, el, () => naming(el).map(tidy));
    if (own.includes(wanted)) exact.push(el);
    else if (own.some((text) => text.toLowerCase() === lower)) alike.push(el);
  }
  return exact.length ? exact : alike;
}

const inner = (elements) => elements.filter((el) => !elements.some((other) => other !== el && el.contains(other)));

/** The smallest visible elements whose text contains `text`. */
function saying(scope, text) {
  const needle = squash(text);
  const bare = (value) => value.normalize('NFC').replace(/[\u2019\u02bc]/g, "'").replace(/[\s\u200b\u00ad]/gu, '');
  const search = (fold) => {
    const key = fold(bare(needle));
    const found = [];
    const descend = (el) => {
      if (SILENT.has(el.tagName) || !fold(bare(el.textContent)).includes(key)) return false;
      let deeper = false;
      for (const child of el.children) deeper = descend(child) || deeper;
      if (deeper) return true;
      if (!shown(el) || !fold(squash(el.innerText)).includes(fold(needle))) return false;
      found.push(el);
      return true;
    };
    for (const root of roots(scope)) {
      if (root.nodeType === 1) descend(root);
      else for (const child of root.children) descend(child);
    }
    return inner(found);
  };
  if (!needle) return [];
  const exact = search((value) => value);
  return exact.length ? exact : search((value) => value.toLowerCase());
}

/** Fields by rank. A group of radio buttons is also found by its legend; it stands for its buttons. */
function fields(scope, name) {
  const all = usableOnes(scope, FIELDS);
  const rest = [
    () => called(all, name, names),
    () => called(all, name, hint),
    () => called(all, name, testIds),
    () => called(all, name, beside),
  ];
  for (const rank of rest) {
    const found = [...new Set(rank().map(openerAround))];
    if (found.length) return found;
  }
  return groups(scope, name);
}

/** Some lists that a page draws have a field inside that takes the focus and no text: what opens is around it. */
const openerAround = (el) => (el.tagName === 'INPUT' && el.readOnly && el.parentElement.closest('[role=combobox],[aria-haspopup=listbox]')) || el;

const hint = (el) => (el.placeholder ? [el.placeholder] : []);
const tip = (el) => (el.title ? [el.title] : []);

/** Boxes that belong together: by their legend, else by what stands beside them. */
function groups(scope, name) {
  const all = query(scope, 'fieldset,[role=radiogroup],[role=group]').filter(shown);
  const titled = inner(called(all, name, titles)).filter((el) => el.querySelector('input[type=radio],[role=radio],input[type=checkbox]'));
  if (titled.length) return titled;
  const sets = boxSets(scope);
  return called([...sets.keys()], name, (el) => setNames(el, sets.get(el)));
}

/** Boxes of one name, and boxes of one cell, by the smallest element around them. */
function boxSets(scope) {
  const found = new Map();
  const byKey = new Map();
  for (const box of usableOnes(scope, BOXES)) {
    const key = (box.type === 'checkbox' && box.closest(CELL)) || (box.name && `${query(null, 'form').indexOf(box.form)} ${box.name}`);
    if (key) byKey.set(key, [...(byKey.get(key) || []), box]);
  }
  for (const boxes of byKey.values()) {
    let el = boxes[0].parentElement;
    while (el && !boxes.every((box) => el.contains(box))) el = el.parentElement;
    if (el && boxes.length > 1) found.set(el, boxes);
  }
  return found;
}

function clickables(scope, name, selector) {
  const all = usableOnes(scope, selector || CLICKABLE);
  const found = [() => called(all, name, names), () => called(all, name, tip), () => called(all, name, testIds)];
  for (const rank of found) {
    const list = rank();
    if (list.length) return list;
  }
  if (selector) return [];
  const boxes = called(query(scope, FIELDS).filter((el) => usable(el) && isChoice(el)), name, names);
  if (boxes.length) return boxes;
  return inner(called(saying(scope, name), name, (el) => [el.innerText]));
}

const isChoice = (el) => isBox(el) || el.matches('[role=checkbox],[role=radio],[role=switch]');

/** What stands beside a label that is no field's: the next cell, the `dd`, what follows in the same line. */
function besideValue(el) {
  if (el.tagName === 'DT') {
    let next = el.nextElementSibling;
    while (next && next.tagName === 'DT') next = next.nextElementSibling;
    return next && next.tagName === 'DD' ? next : null;
  }
  const cell = el.closest('td,th,[role=cell],[role=gridcell],[role=rowheader],[role=columnheader]');
  if (cell && tidy(cell.innerText) === tidy(el.innerText)) return besideCell(cell);
  for (let next = el.nextElementSibling; next; next = next.nextElementSibling) {
    if (shown(next) && squash(next.innerText)) return next;
  }
  const parent = el.parentElement;
  if (parent && tidy(parent.innerText) === tidy(el.innerText)) return besideValue(parent);
  return null;
}

function besideCell(cell) {
  const table = cell.closest(TABLES);
  const read = table && readTable(table);
  const inRow = read?.rows.find((row) => row.cells.includes(cell));
  if (inRow) return inRow.cells.slice(inRow.cells.lastIndexOf(cell) + 1).find((other) => other !== cell) || null;
  if (!read) return null;
  const column = columnOf(read.headers, cell.innerText);
  return column >= 0 && read.rows.length === 1 ? read.rows[0].cells[column] : null;
}

/** The rest of a line that begins with its label: `<p><strong>N° :</strong> 12</p>` says `12`. */
function restOfLine(el) {
  const parent = el.parentElement;
  if (!parent || parent.matches('body,main,section,article,form,div > div > div:has(> p)')) return null;
  const whole = squash(parent.innerText);
  const own = squash(el.innerText);
  return whole.startsWith(own) && whole.length > own.length ? squash(whole.slice(own.length).replace(/^\s*:/, '')) : null;
}

/** Elements to read for a name: a field, what stands beside a label, a test id, else the text that holds it. */
function readables(scope, name) {
  const field = fields(scope, name);
  if (field.length) return field.map((el) => ({ el }));
  const labels = inner(called(saying(scope, name), name, (el) => [el.innerText]));
  const found = labels.map((el) => {
    const value = besideValue(el);
    if (value) return { el: value };
    const rest = restOfLine(el);
    return rest === null ? null : { el, text: rest };
  }).filter(Boolean);
  if (found.length) return [...new Map(found.map((item) => [item.el, item])).values()];
  const marked = called(query(scope, TEST_IDS.map((id) => `[${id}]`).join(',')).filter(shown), name, testIds);
  if (marked.length) return marked.map((el) => ({ el }));
  return saying(scope, name).map((el) => ({ el, text: afterLabel(el, name) ?? undefined }));
}

/** What follows a label in one text: `N° : 12`, or the next line. */
function afterLabel(el, name) {
  const own = el.innerText || '';
  const [line] = own.trimStart().split('\n');
  const [label, ...value] = line.split(/\s:|:\s/);
  const same = (text) => tidy(text).toLowerCase() === tidy(name).toLowerCase();
  if (same(label) && squash(value.join(''))) return squash(value.join(': '));
  if (!same(line)) return null;
  return squash(own.trimStart().slice(line.length)) || (/:\s*$/.test(line) ? '' : null);
}

function byRole(scope, { role, name }, doing) {
  if (role === 'text') return name === 'any' ? [] : saying(scope, name);
  if (role === 'field' || role === 'label') {
    const found = fields(scope, name);
    return found.length || doing !== 'read' ? found : readables(scope, name);
  }
  const all = query(scope, ROLES[role]).filter(role === 'button' || role === 'link' || role === 'tab' ? usable : shown);
  if (name === 'any') return all.filter((el) => role !== 'alert' || squash(el.innerText));
  if (role === 'alert') return inner(all.filter((el) => saying(el, name).length || contains(el, name)));
  if (role === 'row') {
    const exact = all.filter((row) => called(cellsOf(row), name, (cell) => [cellText(cell)]).length);
    return exact.length ? exact : all.filter((row) => contains(row, name));
  }
  if (role === 'cell') return called(all, name, (cell) => [cellText(cell)]);
  if (role === 'dialog' || role === 'section') return inner(called(all, name, titles));
  if (role === 'heading') return called(all, name, names);
  return clickables(scope, name, ROLES[role]);
}

const contains = (el, text) => squash(el.innerText).toLowerCase().includes(squash(text).toLowerCase());

function byName(scope, name, doing) {
  if (doing === 'enter') return fields(scope, name);
  if (doing === 'click') return clickables(scope, name);
  if (doing === 'read') return readables(scope, name);
  if (doing === 'within') {
    const found = inner(called(query(scope, ROLES.section + ',' + ROLES.row).filter(shown), name, titles));
    if (found.length) return found;
    const heading = called(query(scope, ROLES.heading).filter(shown), name, names);
    return heading.map((el) => el.closest('section,article,fieldset,form,dialog,[role=dialog]') || el.parentElement);
  }
  const said = saying(scope, name);
  return said.length ? said : [...clickables(scope, name), ...fields(scope, name)];
}

const brieferNames = (el) => [...names(el), ...tip(el), ...(el.matches(FIELDS) ? beside(el) : [])].flatMap(briefer);

/** Controls whose own name says more of them than the name they are looked for by (see `briefer`). */
function saidMore(scope, { role, name }, doing) {
  if (role === 'field' || role === 'label' || (!role && doing === 'enter')) return called(usableOnes(scope, FIELDS), name, brieferNames);
  if (['button', 'link', 'tab'].includes(role) || (!role && doing === 'click')) return called(usableOnes(scope, ROLES[role] || CLICKABLE), name, brieferNames);
  return [];
}

/** Answers {list: [{el, text?}], scope failure?}. `doing`: enter, click, read, see, within. `briefly`: by less than its name. */
function find(target, doing, briefly = false) {
  let scope = null;
  if (target.within) {
    const around = find(target.within, 'within');
    if (around.list.length !== 1) return { list: [], several: around.list.length, outer: target.within };
    scope = around.list[0].el;
  }
  let list;
  if (briefly) {
    list = target.name ? saidMore(scope, target, doing) : [];
  } else if (target.row) {
    const rows = matchingRows(scope, target.row, target.column ? [target.column] : []).rows;
    list = rows.map((row) => (target.column ? row.cells[columnOf(row.headers, target.column)] : row.el)).filter(Boolean);
    if (target.column && doing === 'enter') list = list.map((cell) => cell.querySelector(FIELDS)).filter(Boolean);
    if (target.column && doing === 'click') list = list.map((cell) => cell.querySelector(CLICKABLE) || cell);
  } else if (target.snapshot) {
    list = showing(scope, target.snapshot);
  } else if (target.css) {
    list = query(scope, target.css);
    list = list.filter(doing === 'enter' ? usable : shown);
  } else list = target.role ? byRole(scope, target, doing) : byName(scope, target.name, doing);
  list = list.map((item) => (item.el ? item : { el: item }));
  if (target.nth) {
    const at = target.nth > 0 ? target.nth - 1 : list.length + target.nth;
    list = list[at] ? [list[at]] : [];
  }
  return { list };
}

/** Ranked alternatives: the first that is there; where none is, the only one that is called so and says more (not when it
 *  must be found `strictly`). {el, text?, rank: which one, or what it is called} or {failed: none|several, …}. */
function one(targets, doing, strictly = false) {
  let failed = null;
  let doubtful = false; // a name itself is there more than once: nothing that says more is taken instead
  for (const briefly of strictly ? [false] : [false, true]) {
    for (const [rank, target] of targets.entries()) {
      const { list, outer, several } = find(target, doing, briefly);
      if (list.length === 1) return { ...list[0], rank: briefly ? squash(names(list[0].el)[0]) || described(list[0].el) : rank };
      doubtful ||= list.length > 0 || Boolean(several);
      if (!failed || (briefly && list.length)) failed = { failed: list.length || several ? 'several' : 'none', target, outer, count: list.length || several || 0, places: list.slice(0, 5).map(({ el }) => described(el)) };
    }
    if (doubtful) break;
  }
  return failed;
}

function described(el) {
  const words = (names(el)[0] || squash(el.innerText) || (el.matches(FIELDS) && beside(el)[0]) || el.tagName.toLowerCase()).slice(0, 60);
  const around = el.closest('fieldset,section,[role=dialog],dialog,tr,[role=row]');
  const title = around && around !== el ? (titles(around)[0] || squash(around.innerText)).slice(0, 40) : '';
  return title && title !== words ? `${words} (${title})` : words;
}

/** Names on the page that resemble what was looked for, nearest first. */
function nearest(target, doing) {
  const wanted = like(target.name || target.column || Object.keys(target.row || {})[0] || '');
  const pool = doing === 'enter' ? query(null, FIELDS).filter(usable).flatMap((el) => [...names(el), el.placeholder, ...beside(el)])
    : doing === 'click' ? query(null, CLICKABLE).filter(usable).flatMap(names)
      : query(null, `${ROLES.heading},label,th,dt,legend,${BUTTONS},${LINKS}`).filter(shown).map((el) => textOf(el));
  const pairs = (text) => new Set(Array.from({ length: Math.max(1, text.length - 1) }, (_, n) => text.slice(n, n + 2)));
  const mine = pairs(wanted);
  const score = (text) => { const other = pairs(like(text)); return 2 * [...mine].filter((p) => other.has(p)).length / (mine.size + other.size); };
  const unique = [...new Set(pool.filter(Boolean).map((text) => tidy(text).slice(0, 60)).filter(Boolean))];
  return unique.map((text) => [score(text), text]).sort((a, b) => b[0] - a[0]).slice(0, 6).map(([, text]) => text);
}
