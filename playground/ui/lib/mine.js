/* The runs that were started in this browser, by tab, with the names that they have here: "VAE 3 · Fashion-MNIST". */
const MOST = 24;
const place = tab => `playground/mine/${tab}`;

/** @typedef {{run: string, n: number, about: string, name?: string}} Mine */
/** Newest last. @returns {Mine[]} */
export function mine(tab) {
  try { return JSON.parse(localStorage.getItem(place(tab))) || []; } catch { return []; }
}
function write(tab, runs) {
  try { localStorage.setItem(place(tab), JSON.stringify(runs.slice(-MOST))); } catch { /* full or forbidden: this browser forgets */ }
}

/* A new run, whose frame says what it is `about`: "VAE, Fashion-MNIST". */
export function remember(tab, run, about) {
  const runs = mine(tab);
  if (!runs.some(one => one.run === run)) write(tab, [...runs, {run, n: Math.max(0, ...runs.map(one => one.n)) + 1, about}]);
}
/* A run that its reader calls something else, or no longer wants to see, and one that is wanted again after all. */
export const rename = (tab, run, name) => write(tab, mine(tab).map(one => (one.run === run ? {...one, name: name.trim()} : one)));
export const drop = (tab, run) => write(tab, mine(tab).filter(one => one.run !== run));
export const putBack = (tab, entry) => write(tab, [...mine(tab).filter(one => one.run !== entry.run), entry].sort((a, b) => a.n - b.n));
/* Only those that the server still keeps. The newest stays, so that its number is not given twice. */
export const keepOnly = (tab, known) => write(tab, mine(tab).filter((one, i, all) => known.includes(one.run) || i === all.length - 1));

/* "VAE, Fashion-MNIST" and 3 -> "VAE 3 · Fashion-MNIST" */
export function nameOf(about, n) {
  const [model, ...data] = about.split(', ');
  return `${model.charAt(0).toUpperCase()}${model.slice(1)}${n ? ` ${n}` : ''} · ${data.join(', ')}`;
}
