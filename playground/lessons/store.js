/* What a reader did in lessons, kept in this browser: guesses, steps that are done, runs, own files. `box` is like localStorage, and may refuse. */
const KEY = 'playground-lessons', MOST_RUNS = 60, MOST_OWN = 20;

/** @typedef {{done: Object<string, boolean>, guess: Object<string, number>, at: number, runs: Object<string, Array<string>>, rows: Array<any>}} Progress */

export function keep(box) {
  let state = {open: false, own: {}, lessons: {}};
  try {
    const kept = JSON.parse(box.getItem(KEY));
    if (kept && typeof kept === 'object' && kept.own && kept.lessons) state = kept;
  } catch { /* nothing, or no JSON: begin anew */ }
  const save = () => { try { box.setItem(KEY, JSON.stringify(state)); return true; } catch { return false; } };
  /** @returns {Progress} */
  const of = lesson => (state.lessons[lesson] ||= {done: {}, guess: {}, at: 0, runs: {}, rows: []});
  return {
    of,
    get open() { return state.open; },
    set open(value) { state.open = value; save(); },
    own: () => state.own,
    change(lesson, act) { act(of(lesson)); return save(); },
    /* A run that ended while `step` was shown: once each, the newest numbers. */
    row(lesson, row) {
      const rows = of(lesson).rows.filter(old => old.run !== row.run);
      of(lesson).rows = [...rows, row].slice(-MOST_RUNS);
      save();
    },
    /* A teacher's own file; false where there is no room for it. */
    add(id, text) {
      if (Object.keys(state.own).length >= MOST_OWN && !(id in state.own)) return false;
      state.own[id] = text;
      if (save()) return true;
      delete state.own[id];
      return false;
    },
    remove(id) { delete state.own[id]; delete state.lessons[id]; save(); },
  };
}

/* The name of an own lesson in the address. */
export const nameOf = title => `own-${title.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 60) || 'lesson'}`;

/* The rows of the table of step `at`: runs since the last table before it, and of their settings those that differ. */
export function table(steps, rows, at) {
  const before = steps.slice(0, at).findLastIndex(step => step.table.length);
  const shown = rows.filter(row => row.step > before && row.step <= at);
  const names = [...new Set(shown.flatMap(row => Object.keys(row.settings)))];
  return {rows: shown, settings: names.filter(name => new Set(shown.map(row => row.settings[name])).size > 1)};
}
