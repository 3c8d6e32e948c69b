// What a page is to one who hears it read: roles, names, states, as a tree. Roles after HTML-AAM, names after accname 1.2,
// the tree as Playwright's aria snapshots have it (its own reading is the oracle of our tests).

const HEARD = new Set(('alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox ' +
  'complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid gridcell group heading img ' +
  'insertion link list listbox listitem log main mark marquee math meter menu menubar menuitem menuitemcheckbox menuitemradio navigation none ' +
  'note option paragraph presentation progressbar radio radiogroup region row rowgroup rowheader scrollbar search searchbox separator slider ' +
  'spinbutton status strong subscript superscript switch tab table tablist tabpanel term textbox time timer toolbar tooltip tree treegrid treeitem').split(' '));
const BY_TAG = { ARTICLE: 'article', ASIDE: 'complementary', BLOCKQUOTE: 'blockquote', BUTTON: 'button', CAPTION: 'caption', CODE: 'code',
  DATALIST: 'listbox', DD: 'definition', DEL: 'deletion', DETAILS: 'group', DFN: 'term', DIALOG: 'dialog', DT: 'term', EM: 'emphasis',
  FIELDSET: 'group', FIGURE: 'figure', H1: 'heading', H2: 'heading', H3: 'heading', H4: 'heading', H5: 'heading', H6: 'heading', HR: 'separator',
  HTML: 'document', INS: 'insertion', LI: 'listitem', MAIN: 'main', MARK: 'mark', MATH: 'math', MENU: 'list', METER: 'meter', NAV: 'navigation',
  OL: 'list', OPTGROUP: 'group', OPTION: 'option', OUTPUT: 'status', P: 'paragraph', PROGRESS: 'progressbar', SEARCH: 'search', STRONG: 'strong',
  SUB: 'subscript', SUP: 'superscript', svg: 'img', TABLE: 'table', TBODY: 'rowgroup', TEXTAREA: 'textbox', TFOOT: 'rowgroup', THEAD: 'rowgroup',
  TIME: 'time', TR: 'row', UL: 'list' };
const BY_TYPE = { button: 'button', checkbox: 'checkbox', file: 'button', image: 'button', number: 'spinbutton', radio: 'radio', range: 'slider', reset: 'button', submit: 'button', search: 'searchbox' };
const INHERITS = { DD: 'DL,DIV', DIV: 'DL', DT: 'DL,DIV', LI: 'OL,UL', TBODY: 'TABLE', TD: 'TR', TFOOT: 'TABLE', TH: 'TR', THEAD: 'TABLE', TR: 'THEAD,TBODY,TFOOT,TABLE' };
const NO_LANDMARK = 'article:not([role]),aside:not([role]),main:not([role]),nav:not([role]),section:not([role]),[role=article],[role=complementary],[role=main],[role=navigation],[role=region]';
const GLOBAL = 'aria-atomic,aria-busy,aria-controls,aria-current,aria-describedby,aria-details,aria-dropeffect,aria-flowto,aria-grabbed,aria-hidden,aria-keyshortcuts,aria-label,aria-labelledby,aria-live,aria-owns,aria-relevant,aria-roledescription'.split(',');
const words = (text) => new Set(text.split(' '));
const NAMELESS = words('caption code definition deletion emphasis generic insertion mark paragraph presentation strong subscript suggestion superscript term time');
const BY_CONTENT = words('button cell checkbox columnheader gridcell heading link menuitem menuitemcheckbox menuitemradio option radio row rowheader switch tab tooltip treeitem');
const PART_OF_NAME = words(' caption code contentinfo definition deletion emphasis insertion list listitem mark none paragraph presentation region row rowgroup section strong subscript superscript table term time');
const CHECKED = words('checkbox menuitemcheckbox option radio switch menuitemradio treeitem');
const EXPANDED = words('application button checkbox combobox gridcell link listbox menuitem row rowheader tab treeitem columnheader menuitemcheckbox menuitemradio switch');
const DISABLED = words('application button composite gridcell group input link menuitem scrollbar separator tab checkbox columnheader combobox grid listbox menu menubar menuitemcheckbox menuitemradio option radio radiogroup row rowheader searchbox select slider spinbutton switch tablist textbox toolbar tree treegrid treeitem');
const INVALID = words('application checkbox combobox gridcell listbox radiogroup slider spinbutton textbox tree columnheader rowheader searchbox switch treegrid');
const SELECTED = words('gridcell option row tab rowheader columnheader treeitem');
const LEVEL = words('heading listitem row treeitem');

const clean = (text) => (text || '').replace(/[\u200b\u00ad]/g, '').replace(/\s+/g, ' ').trim();
const saidRole = (el) => (el.getAttribute('role') || '').split(/\s+/).find((role) => HEARD.has(role)) || '';
const isNone = (role) => role === 'none' || role === 'presentation';
const above = (el) => el.parentElement || el.getRootNode().host || null;
const focusable = (el) => !el.matches(':disabled') && (el.matches('button,details,select,textarea,a[href],area[href],input:not([hidden])') || el.hasAttribute('tabindex'));
const stands = (el) => GLOBAL.some((name) => el.hasAttribute(name)) || focusable(el);
const named = (el) => Boolean(el.getAttribute('aria-label')?.trim() || owned(el, 'aria-labelledby').length);
const owned = (el, attribute) => (el.getAttribute(attribute) || '').split(/\s+/).filter(Boolean).map((id) => el.getRootNode().getElementById?.(id)).filter(Boolean);

/** The role of an element: what it says it is, else what its tag is; '' when it is nothing of its own. */
function roleOf(el) {
  const said = saidRole(el);
  if (!said || (isNone(said) && stands(el))) return roleByTag(el);
  return said;
}

function roleByTag(el) {
  const own = tagRole(el);
  if (!own) return '';
  for (let below = el, up = above(el); up && INHERITS[below.tagName]?.split(',').includes(up.tagName); below = up, up = above(up)) {
    if (isNone(saidRole(up)) && !stands(up)) return 'none';
  }
  return own;
}

function tagRole(el) {
  switch (el.tagName) {
    case 'A': case 'AREA': return el.hasAttribute('href') ? 'link' : '';
    case 'FOOTER': return el.closest(NO_LANDMARK) ? '' : 'contentinfo';
    case 'HEADER': return el.closest(NO_LANDMARK) ? '' : 'banner';
    case 'FORM': return named(el) ? 'form' : '';
    case 'SECTION': return named(el) ? 'region' : '';
    case 'IMG': return el.getAttribute('alt') === '' && !el.title && !GLOBAL.some((name) => el.hasAttribute(name)) && !el.hasAttribute('tabindex') ? 'presentation' : 'img';
    case 'SELECT': return el.multiple || el.size > 1 ? 'listbox' : 'combobox';
    case 'TD': return /^(grid|treegrid)$/.test(saidRole(el.closest('table') || el)) ? 'gridcell' : 'cell';
    case 'TH': return headRole(el);
    case 'INPUT': return inputRole(el);
    default: return BY_TAG[el.tagName] || '';
  }
}

function inputRole(el) {
  if (el.type === 'hidden') return '';
  if (['email', 'search', 'tel', 'text', 'url'].includes(el.type) && el.list) return 'combobox';
  return BY_TYPE[el.type] || 'textbox';
}

function headRole(el) {
  if (/^col/.test(el.scope)) return 'columnheader';
  if (/^row/.test(el.scope)) return 'rowheader';
  const [before, after] = [el.previousElementSibling, el.nextElementSibling];
  if (!before && !after) return el.closest('table')?.rows.length <= 1 ? '' : 'columnheader';
  const full = (cell) => cell?.tagName === 'TD' && (cell.textContent.trim() || cell.children.length > 0);
  if (before?.tagName === 'TH' && after?.tagName === 'TH') return 'columnheader';
  return full(before) || full(after) ? 'rowheader' : 'columnheader';
}

/** Not read to anybody: not drawn, or said to be hidden. */
function unheard(el) {
  return once('unheard', el, () => {
    if (['SCRIPT', 'STYLE', 'TEMPLATE', 'NOSCRIPT'].includes(el.tagName)) return true;
    const style = getComputedStyle(el);
    const inSelect = el.tagName === 'OPTION' && el.closest('select');
    if (!inSelect && el.tagName !== 'SLOT' && style.display !== 'contents' && (style.visibility !== 'visible' || !el.checkVisibility({ contentVisibilityAuto: false }))) return true;
    return hiddenWith(el);
  });
}

function hiddenWith(el) {
  return once('hidden', el, () => {
    if (el.parentElement?.shadowRoot && !el.assignedSlot) return true;
    if (getComputedStyle(el).display === 'none' || /^true$/i.test(el.getAttribute('aria-hidden') || '')) return true;
    const up = el.assignedSlot || above(el);
    return Boolean(up && up !== el && hiddenWith(up));
  });
}

/** What a style draws before or after an element; where it says how that is read, so. */
const decorOf = (el, which) => {
  const parts = getComputedStyle(el, which).content.match(/"(?:[^"\\]|\\.)*"|[^"]+/gs) || [];
  const alt = parts.findIndex((part) => part.trim() === '/');
  return parts.slice(alt + 1).filter((part) => part.startsWith('"')).map((part) => part.slice(1, -1).replace(/\\(.)/gs, '$1')).join('');
};

/** Everything in an element in its order, those it owns last. */
function inside(el) {
  const slotted = el.tagName === 'SLOT' ? el.assignedNodes() : [];
  const own = slotted.length ? slotted : [...[...el.childNodes].filter((child) => !child.assignedSlot), ...(el.shadowRoot?.childNodes || [])];
  return [...own, ...owned(el, 'aria-owns')];
}

const NAMED_BY = { FIELDSET: 'LEGEND', FIGURE: 'FIGCAPTION', TABLE: 'CAPTION' };

/** The name of an element (accname 1.2). `part`: it contributes to the name of another. */
function heardAs(el, { part = false, referred = false, label = null, seen = new Set() } = {}) {
  if (seen.has(el)) return '';
  const own = new Set(seen).add(el);
  if (!referred && unheard(el)) return '';
  const refs = referred === 'labelledby' ? [] : owned(el, 'aria-labelledby');
  const of = refs.map((ref) => heardAs(ref, { part: true, referred: 'labelledby', seen: own })).filter(Boolean).join(' ');
  if (of) return of;
  const role = roleOf(el);
  if ((part || label || referred) && !(label && [...(el.labels || [])].includes(label))) {
    const value = heardValue(el, role);
    if (value !== null) return value;
  }
  const said = (el.getAttribute('aria-label') || '').trim();
  if (said) return said;
  const native = isNone(role) ? null : nativeName(el, own);
  if (native !== null) return native;
  if (BY_CONTENT.has(role) || referred || label || (part && PART_OF_NAME.has(role))) {
    const content = heardContent(el, own);
    if (content.trim()) return content;
  }
  return isNone(role) ? '' : el.getAttribute('title') || '';
}

/** What a field holds, where it stands in the name of another; null for what is no field. */
function heardValue(el, role) {
  if (role === 'textbox' || role === 'searchbox') return el.type === 'password' ? '' : el.value ?? el.textContent;
  if (role === 'combobox' || role === 'listbox') return el.tagName === 'SELECT' ? [...el.selectedOptions].map((option) => clean(option.textContent)).join(' ') : el.value ?? '';
  if (['progressbar', 'scrollbar', 'slider', 'spinbutton', 'meter'].includes(role)) return el.getAttribute('aria-valuetext') || el.getAttribute('aria-valuenow') || String(el.value ?? '');
  return null;
}

const byLabels = (el, seen) => [...(el.labels || [])].map((label) => heardAs(label, { label, seen })).filter(Boolean).join(' ');

/** The name that HTML gives; null where the content or the title is asked. */
function nativeName(el, seen) {
  const tip = el.getAttribute('title') || '';
  if (el.tagName === 'INPUT' && ['button', 'submit', 'reset'].includes(el.type)) {
    return (el.getAttribute('value') ?? '').trim() ? el.value : el.type === 'submit' ? 'Submit' : el.type === 'reset' ? 'Reset' : tip;
  }
  if (el.tagName === 'INPUT' && el.type === 'file') return byLabels(el, seen) || 'Choose File';
  if (el.tagName === 'INPUT' && el.type === 'image') return byLabels(el, seen) || el.alt || tip || 'Submit';
  if (el.tagName === 'BUTTON') return byLabels(el, seen) || null;
  if (el.tagName === 'OUTPUT') return byLabels(el, seen) || tip;
  if (['TEXTAREA', 'SELECT', 'INPUT'].includes(el.tagName)) return byLabels(el, seen) || tip || el.placeholder || '';
  if (NAMED_BY[el.tagName]) {
    const caption = [...el.children].find((child) => child.tagName === NAMED_BY[el.tagName]);
    return caption ? heardAs(caption, { label: caption, seen }) : el.tagName === 'TABLE' ? el.getAttribute('summary') || tip : tip;
  }
  if (['IMG', 'AREA'].includes(el.tagName)) return el.getAttribute('alt')?.trim() ? el.alt : tip;
  if (el.tagName === 'svg') return el.querySelector(':scope > title')?.textContent ?? null;
  return null;
}

function heardContent(el, seen) {
  const parts = [decorOf(el, '::before')];
  for (const child of inside(el)) {
    if (child.nodeType === 3) parts.push(child.data);
    else if (child.nodeType === 1) {
      const inline = getComputedStyle(child).display === 'inline' && child.tagName !== 'BR';
      const text = heardAs(child, { part: true, seen });
      parts.push(inline ? text : ` ${text} `);
    }
  }
  return [...parts, decorOf(el, '::after')].join('');
}

function disabledNow(el, role) {
  if (el.matches('button:disabled,input:disabled,select:disabled,textarea:disabled,option:disabled,optgroup:disabled')) return true;
  if (!DISABLED.has(role)) return false;
  for (let up = el; up; up = above(up)) if (/^(true|false)$/i.test(up.getAttribute('aria-disabled') || '')) return up.getAttribute('aria-disabled').toLowerCase() === 'true';
  return false;
}

const state = (el, name) => { const said = (el.getAttribute(name) || '').toLowerCase(); return said === 'true' ? true : said === 'mixed' ? 'mixed' : false; };

/** The states a role can have, as a snapshot writes them. */
function statesOf(el, role) {
  const found = { disabled: disabledNow(el, role) };
  if (CHECKED.has(role)) found.checked = el.indeterminate ? 'mixed' : isBox(el) ? el.checked : state(el, 'aria-checked');
  if (EXPANDED.has(role) && /^(true|false)$/i.test(el.getAttribute('aria-expanded') || '')) found.expanded = state(el, 'aria-expanded');
  if (INVALID.has(role)) { const said = el.getAttribute('aria-invalid'); found.invalid = !said || said === 'false' ? false : ['grammar', 'spelling'].includes(said) ? said : true; }
  if (LEVEL.has(role)) found.level = Number(/^H([1-6])$/.exec(el.tagName)?.[1] || el.getAttribute('aria-level')) || 0;
  if (role === 'button') found.pressed = state(el, 'aria-pressed');
  if (SELECTED.has(role)) found.selected = el.tagName === 'OPTION' ? el.selected : state(el, 'aria-selected') === true;
  return found;
}

/** The tree of an element: {role, name, states, properties, el, children}; texts are children too. */
function treeOf(root) {
  return once('tree', root, () => {
    const top = { role: 'fragment', name: '', states: {}, properties: {}, el: root, children: [] };
    hear(top, root, new Set());
    return merged(top);
  });
}

function hear(around, node, seen) {
  if (seen.has(node)) return;
  seen.add(node);
  if (node.nodeType === 3) {
    const el = node.parentElement;
    if (around.role !== 'textbox' && !(el?.tagName === 'DETAILS' && !el.open) && !(el?.shadowRoot && !node.assignedSlot)) around.children.push(node.data);
    return;
  }
  if (node.nodeType !== 1 || unheard(node)) return;
  const own = heardNode(node);
  if (own) around.children.push(own);
  hearInside(own || around, node, seen);
}

function heardNode(el) {
  if (el.tagName === 'IFRAME' || el.tagName === 'FRAME') return framed(el);
  const role = roleOf(el);
  if (!role || isNone(role)) return null;
  const name = NAMELESS.has(role) ? '' : clean(heardAs(el));
  const own = { role, name, states: statesOf(el, role), properties: {}, el, children: [] };
  if (['INPUT', 'TEXTAREA'].includes(el.tagName) && !['checkbox', 'radio', 'file'].includes(el.type)) own.children = [el.type === 'password' && el.value ? '•••' : el.value];
  if (role === 'link' && el.hasAttribute('href')) own.properties.url = el.getAttribute('href');
  if (role === 'textbox' && el.hasAttribute('placeholder') && el.getAttribute('placeholder') !== name) own.properties.placeholder = el.getAttribute('placeholder');
  return own;
}

/** A frame; what is in it, where we may look into it. */
function framed(el) {
  const own = { role: 'iframe', name: '', states: {}, properties: {}, el, children: [] };
  let within = null;
  try { within = el.contentDocument; } catch { /* another origin: not ours to look into */ }
  if (within?.body) hear(own, within.body, new Set());
  return own;
}

function hearInside(around, el, seen) {
  const gap = getComputedStyle(el).display !== 'inline' || el.tagName === 'BR' ? ' ' : '';
  around.children.push(gap, decorOf(el, '::before'));
  for (const child of inside(el)) hear(around, child, seen);
  around.children.push(decorOf(el, '::after'), gap);
}

/** Neighbouring texts are one; a text that is the name says nothing more. */
function merged(node) {
  const children = [];
  let text = '';
  const end = () => { const whole = clean(text); if (whole) children.push(whole); text = ''; };
  for (const child of node.children) {
    if (typeof child === 'string') text += child;
    else { end(); children.push(merged(child)); }
  }
  end();
  node.children = children.length === 1 && children[0] === node.name ? [] : children;
  return node;
}
