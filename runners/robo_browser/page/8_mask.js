// Pictures for a person: what must not be seen is covered before, and uncovered after.

let covered = [];

function cover(needles) {
  const keys = needles.map(like).filter((key) => key.length > 1);
  const holds = (text) => { const own = like(text); return keys.some((key) => (key.length > 2 ? own.includes(key) : own === key)); };
  const hide = new Set(query(null, 'input[type=password],canvas,embed,object'));
  for (const frame of query(null, 'iframe,frame')) {
    let inner = null;
    try { inner = frame.contentDocument; } catch { /* another origin */ }
    if (!inner) hide.add(frame);
  }
  for (const field of query(null, FIELDS)) if (holds(valueOf(field)) || holds(field.value || '')) hide.add(field);
  for (const root of roots(null)) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT);
    for (let el = walker.nextNode(); el; el = walker.nextNode()) {
      if (!SILENT.has(el.tagName) && holds(el.textContent)
        && ![...el.children].some((child) => holds(child.textContent))) hide.add(el);
    }
  }
  covered = [...hide].map((el) => [el, el.getAttribute('style')]);
  for (const [el] of covered) {
    for (const [name, value] of [['background', '#000'], ['color', 'transparent'], ['-webkit-text-fill-color', 'transparent'], ['filter', 'brightness(0)'], ['transition', 'none'], ['text-shadow', 'none']]) {
      el.style?.setProperty(name, value, 'important');
    }
  }
  return { covered: covered.length };
}

function uncover() {
  for (const [el, style] of covered) {
    if (style === null) el.removeAttribute('style');
    else el.setAttribute('style', style);
  }
  covered = [];
  return {};
}
