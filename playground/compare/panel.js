/* The numbers of the panel: what stands in a cell, which column comes first, and all of it as a table for other programs. */
import {duration, significant, thousands, withError} from '../ui/lib/format.js';

/** @typedef {import('../ui/lib/payloads.d.ts').EvaluationRow} Row */

/* The measures that any column has, in their order, each as a column has it where it is defined. */
export function measures(columns) {
  const found = new Map();
  for (const {runs} of columns) for (const run of runs) for (const row of run.evaluation?.rows || []) if (found.get(row.name)?.value == null) found.set(row.name, row);
  return [...found.values()];
}

/* What a column has of a measure: of one run its value, of several that differ by the seed alone their mean and the standard deviation between
   them. `stale`: a run has gone on since. Null where nothing was measured. */
export function reading({runs}, name) {
  const rows = runs.map(run => ({run, row: (run.evaluation?.rows || []).find(row => row.name === name)})).filter(each => each.row);
  if (!rows.length) return null;
  const [{row}] = rows, values = rows.map(each => each.row.value).filter(value => value != null), stale = rows.some(each => !each.run.evaluated);
  if (!values.length) return {value: null, sd: null, why: row.why, stale, row, n: 0};
  if (values.length === 1) return {value: values[0], sd: row.sd, spread: row.spread, stale, row, n: 1};
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  return {value: mean, sd, spread: `over ${values.length} seeds`, stale, row, n: values.length};
}

const seconds = value => (value < 1 ? `${significant(value, 2)} s` : duration(value));
/* A number of a measure as people read it. */
export function text(name, value, sd) {
  if (value == null) return '–';
  if (name === 'parameters') return thousands(value);
  if (name.endsWith('_seconds')) return seconds(value) + (sd ? ` ± ${seconds(sd)}` : '');
  return sd == null ? significant(value, 3) : withError(value, sd);
}

/* Whether two readings may be held against one another: of the same unit, on the same data. */
export const comparable = (a, b) => a.unit === b.unit && a.dataset === b.dataset;

/* The index of the best of comparable readings; -1 where there are not two, where no way is better, and where the second best is as good within
   their spreads. */
export function best(columns, name) {
  const found = columns.map((column, k) => ({k, dataset: column.head.dataset, ...reading(column, name)})).filter(each => each.value != null).map(each => ({...each, unit: each.row.unit}));
  const better = found[0]?.row.better;
  if (found.length < 2 || !better || !found.every(each => comparable(each, found[0]))) return -1;
  const [first, second] = found.toSorted((a, b) => (better === 'lower' ? a.value - b.value : b.value - a.value));
  return Math.abs(first.value - second.value) > Math.hypot(first.sd || 0, second.sd || 0) ? first.k : -1;
}

/* The columns with the best of a measure first, those without a value last; as they came where nothing is sorted by. */
export function sorted(columns, name) {
  if (!name) return columns;
  const key = column => { const found = reading(column, name); return found?.value == null ? Infinity : found.row.better === 'higher' ? -found.value : found.value; };
  return columns.toSorted((a, b) => { const [x, y] = [key(a), key(b)]; return x === y ? 0 : x - y; });
}

const quoted = value => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
/* A line for each measure of each column. */
export function csv(columns) {
  const lines = [['column', 'model', 'data', 'runs', 'seeds', 'step', 'measure', 'unit', 'value', 'sd', 'spread', 'of', 'of_value', 'of_sd', 'note']];
  for (const column of columns) for (const row of measures([column])) {
    const found = reading(column, row.name), {head, runs} = column;
    lines.push([column.title, head.kind, head.data, runs.map(run => run.run).join(' '), runs.map(run => run.seed).join(' '), head.evaluation?.of_step ?? '', row.name, row.unit,
      found.value ?? '', found.sd ?? '', found.spread ?? '', row.beside?.label ?? '', row.beside?.value ?? '', row.beside?.sd ?? '', found.why || row.note]);
  }
  return lines.map(line => line.map(quoted).join(',')).join('\n');
}
