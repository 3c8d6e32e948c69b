// Fields for files: they are hidden more often than not, behind a button, a label or a zone to drop files on.

/** The field that the next files go to; fetched from outside by `robo.held`. */
let held = null;

const fileFields = (scope) => query(scope, 'input[type=file]').filter((el) => !el.closest('[inert]'));

/** What stands for a field for files: its label, itself, what a person sees around it. */
function zoneNames(el) {
  const found = [...names(el), ...testIds(el)];
  for (let box = el.parentElement, up = 0; box && up < 4 && fileFields(box).length === 1 && !box.matches('form,body,main'); box = box.parentElement, up += 1) {
    found.push(...titles(box), ...[...box.querySelectorAll(`${CLICKABLE},label`)].filter(shown).flatMap(names));
    if (!shown(box)) continue;
    found.push(squash(box.innerText), squash((box.innerText || '').split('\n')[0]));
    const first = [...box.querySelectorAll(CLICKABLE)].find(shown);
    if (first) found.push(...calledBefore(box, first)); // « Pièce d'identité [Parcourir…] »
  }
  return found.filter(Boolean);
}

function filePlace(targets) {
  const [target] = targets;
  const scope = target.within ? find(target.within, 'within').list[0]?.el : null;
  const all = fileFields(scope);
  if (target.css) {
    const there = query(scope, target.css);
    const found = all.filter((el) => there.some((other) => other === el || other.contains(el)));
    return found.length === 1 ? { el: found[0] } : { failed: found.length ? 'several' : 'none', target, count: found.length };
  }
  for (const naming of [names, testIds, beside, zoneNames]) {
    const found = called(all, target.name, naming);
    const chosen = target.nth ? found.slice(target.nth > 0 ? target.nth - 1 : target.nth).slice(0, 1) : found;
    if (chosen.length === 1) return { el: chosen[0] };
    if (chosen.length > 1) return { failed: 'several', target, count: chosen.length, places: chosen.slice(0, 5).map(described) };
  }
  return { failed: 'none', target };
}

/** Whether a file of this name is of a kind that `accept` lists; kinds that no name tells are believed. */
function accepted(accept, name) {
  const kinds = accept.toLowerCase().split(',').map((kind) => kind.trim()).filter(Boolean);
  const endings = kinds.filter((kind) => kind.startsWith('.'));
  return !kinds.length || endings.length < kinds.length || endings.some((ending) => name.toLowerCase().endsWith(ending));
}

async function fileField(job) {
  let place = null;
  const found = await until(() => { place = unread() ? { failed: 'none', target: job.targets[0] } : filePlace(job.targets); return place.failed ? null : place; }, clock() + job.wait);
  if (!found) return { ...place, near: fileFields(null).flatMap((el) => [...zoneNames(el), ...beside(el)]).map((name) => name.slice(0, 60)).slice(0, 6) };
  const { el } = found;
  if (el.matches(':disabled')) return { failed: 'locked', target: job.targets[0] };
  if (job.names.length > 1 && !el.multiple) return { failed: 'one' };
  const odd = job.names.find((name) => !accepted(el.accept, name));
  if (odd) return { failed: 'accept', accept: el.accept, name: odd };
  held = el;
  return {};
}

/** The field holds the files, or the page took them from it and says their names. */
async function filesShown(job) {
  const now = () => (held?.isConnected ? [...held.files].map((file) => file.name.normalize('NFC')) : []);
  const wanted = job.names.map((name) => name.normalize('NFC'));
  const shownThere = await until(() => {
    const there = now();
    if (there.length === wanted.length && wanted.every((name) => there.includes(name))) return true;
    return wanted.every((name) => saying(null, name).length) || null;
  }, clock() + job.wait);
  return { shown: Boolean(shownThere), names: now() };
}
