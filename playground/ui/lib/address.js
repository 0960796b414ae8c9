/* The page's address holds what the forms are set to, wherever that is not the default: ?vae.beta=4&vae.dataset=digits. A reload or a link sets them
   again. A picture that is set has a form of its own: ?vae.map.layout=pca&vae.curves.log=on. What comes in an address may have been written by hand, so
   it is checked like anything typed. */
const NAME = /^([a-z_]{1,30}(?:\.[a-z_]{1,30})?)\.([A-Za-z0-9_]{1,40})$/;

/* A number where it reads as one. */
const plain = text => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text);

/* {form: {field: value}} of an address. */
export function settingsIn(search) {
  const found = {};
  for (const [key, text] of new URLSearchParams(search)) {
    const [, form, field] = NAME.exec(key) || [];
    if (form) (found[form] ??= {})[field] = plain(text.slice(0, 200));
  }
  return found;
}
/* The same address with the settings of one form as they are now. */
export function withSettings(search, form, values) {
  const params = new URLSearchParams(search);
  [...params.keys()].filter(key => NAME.exec(key)?.[1] === form).forEach(key => params.delete(key));
  Object.entries(values).forEach(([field, value]) => params.set(`${form}.${field}`, String(value)));
  return params.toString();
}
/* Names of fields that a teacher hides: ?hide=steps,learning_rate. */
export const hiddenIn = search => new Set((new URLSearchParams(search).get('hide') || '').split(',').filter(Boolean));

const KEY = 'playground-address';
const here = typeof location === 'undefined' ? '' : location.search;
const opened = settingsIn(here), hidden = hiddenIn(here);
/* The last two that this page wrote before a reload: on a slow line it may still write while the reload of the one before is under way. */
const written = (() => { try { return JSON.parse(sessionStorage.getItem(KEY)) || []; } catch { return []; } })();
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
/* What the address said of a form when the page was opened; nothing where this page itself wrote it, of which `forms.js` knows more. */
export const fromAddress = form => (written.some(search => same(opened[form], settingsIn(search)[form])) ? {} : opened[form] || {});
export const isHidden = field => hidden.has(field);

let due = null;
const held = new Map(Object.entries(opened)), wanted = new Map();   // what all forms are set to, and what the address does not say yet
/* What the address says of a form of which nothing else on the page knows more. */
export const said = form => held.get(form) || {};
function flush() {
  clearTimeout(due);
  if (!wanted.size) return;
  const search = [...wanted].reduce((text, [name, set]) => withSettings(text, name, set), location.search);
  wanted.clear();
  history.replaceState(history.state, '', `${location.pathname}${search ? `?${search}` : ''}${location.hash}`);
  written.splice(0, Math.max(0, written.length - 1));
  written.push(search);
  try { sessionStorage.setItem(KEY, JSON.stringify(written)); } catch { /* full or forbidden: a reload takes the address for a link */ }
}

/* Writes the settings of a form into the address, soon: browsers refuse to write a hundred times while a slider is dragged. */
export function write(form, values) {
  if (typeof location === 'undefined') return;
  held.set(form, values);
  wanted.set(form, values);
  clearTimeout(due);
  due = setTimeout(flush, 300);
}
/* Back takes back what was opened, and no setting: the address goes on saying what is set. */
globalThis.addEventListener?.('popstate', () => {
  held.forEach((values, form) => wanted.set(form, values));
  flush();
});
