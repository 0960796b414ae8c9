/* The data sets that this browser brought or drew: their names, which open them, and the titles that forms offer. */
const PLACE = 'playground/own-data', MOST = 24;
const listeners = new Set();

/** @typedef {{name: string, title: string}} Own */
/** Newest last. @returns {Own[]} */
export function own() {
  try { return (JSON.parse(localStorage.getItem(PLACE)) || []).filter(one => kindOf(one.name)); } catch { return []; }
}
function write(list) {
  try { localStorage.setItem(PLACE, JSON.stringify(list.slice(-MOST))); } catch { /* full or forbidden: this browser forgets */ }
  listeners.forEach(listener => listener());
}

/* `own-images-…` is images; null for the name of data that come along. */
export const kindOf = name => /^own-(images|points|drawing|table)-[0-9a-f]{16}$/.exec(name)?.[1] ?? null;
/* Whether they are rows of a table. */
export const isTable = name => name === 'wine' || kindOf(name) === 'table';
/* What one of them is called, and one of its numbers. */
export const wordsFor = name => (isTable(name) ? {example: 'row', number: 'column'} : {example: 'image', number: 'pixel'});
/* Whether an autoencoder can be trained on them. */
export const isEncoded = name => ['images', 'table'].includes(kindOf(name));
/* Whether the density is known in closed form. */
export const isClosed = name => name === 'mixture' || kindOf(name) === 'drawing';

export const remember = ({name, title}) => write([...own().filter(one => one.name !== name), {name, title}]);
/* Only those that the server still keeps; `known` is {name: title}. */
export const keepOnly = known => write(own().filter(one => one.name in known));
/* Calls `listener` when the list changes. */
export const whenOwn = listener => { listeners.add(listener); };

/* What a form offers beside the data that come along: `[title, name]` of those of the kinds that it `takes`, and of the one that is `chosen`,
   which somebody else may have brought. */
export function offered(takes, chosen) {
  const known = own().filter(one => takes.includes(kindOf(one.name)));
  const stranger = kindOf(chosen) && takes.includes(kindOf(chosen)) && !known.some(one => one.name === chosen) ? [{name: chosen, title: 'data of somebody else'}] : [];
  return [...known, ...stranger].map(one => [one.title, one.name]);
}
