/* The distances that an arena is read by, what they say of its schedulers, and all of it as text to copy: nothing of a page. */
import {fixed, withError} from '../../ui/lib/format.js';

/** @typedef {import('../../ui/lib/payloads.d.ts').Arena} Arena */
/** @typedef {import('../../ui/lib/payloads.d.ts').ArenaRow} ArenaRow */
/** @typedef {import('../../ui/lib/payloads.d.ts').ArenaScheduler} ArenaScheduler */
/** @typedef {import('../../ui/lib/payloads.d.ts').Spread} Spread */

/* Four decimals: what a spread of a thousandth lets one see. */
export const withSpread = (mean, std) => (mean == null ? '–' : `${fixed(mean, 4)}${std == null ? '' : ` ± ${fixed(std, 4)}`}`);

/** What distances are read by: of a row and of real data {mean, std}; as text; and where a logarithmic axis may end, for an unbiased distance may be zero
    or below, and a Fréchet distance is hardly below that of real images.
    @typedef {{title: string, of: (row: ArenaRow) => Spread, real: (payload: Arena) => Spread, text: (mean: number, std: number) => string, least: (real: Spread) => number}} Measure */
/** @type {Record<string, Measure>} */
export const MEASURES = {
  energy: {title: 'energy distance', of: row => row, real: payload => payload.floor, text: (mean, std) => withSpread(mean, std),
           least: ({mean, std}) => Math.max(1e-6, 0.5 * (std || Math.abs(mean || 0) || 1e-3))},
  frechet: {title: 'Fréchet distance', of: row => row.frechet, text: (mean, std) => (std == null ? fixed(mean) : withError(mean, std)),
            real: ({floor_seen: seen}) => (seen ? {mean: seen.frechet, std: seen.frechet_std, n: 1} : {mean: null, std: null, n: 0}),
            least: ({mean}) => Math.max(1e-6, 0.7 * (mean || 0))},
};
/** Those that there are: points have no classifier. @param {Arena} payload */
export const measuresOf = payload => (payload.floor_seen ? [MEASURES.energy, MEASURES.frechet] : [MEASURES.energy]);

/** Rows of one number of evaluations that are within one spread of its best. @param {Array<ArenaRow>} rows @param {Measure} measure */
export function best(rows, measure) {
  const known = rows.filter(row => measure.of(row).mean != null && row.n > 0), mean = row => measure.of(row).mean;
  const first = known.reduce((a, b) => (a == null || mean(b) < mean(a) ? b : a), null);
  return known.filter(row => mean(row) <= mean(first) + (measure.of(first).std || 0));
}

/** @param {Arena} payload @param {ArenaScheduler} entry */
export const rowsOf = (payload, entry) => payload.evaluations.map(n => payload.rows.find(row => row.name === entry.name && row.target === n));
/** @param {Array<ArenaRow | undefined>} rows */
export const gapsOf = rows => rows.filter(row => row && row.difference != null).map(row => row.difference);

/** Where the two distances have no winner in common. @param {Arena} payload */
export function disagreements(payload) {
  const [energy, frechet] = measuresOf(payload), names = rows => rows.map(row => row.title).join(', ');
  if (!frechet) return '';
  return payload.evaluations.map(target => {
    const rows = payload.rows.filter(row => row.target === target), [a, b] = [energy, frechet].map(measure => best(rows, measure));
    const agree = !a.length || !b.length || a.some(row => b.includes(row));
    return agree ? '' : `The two disagree at ${target} NFE: nearest by the energy distance ${names(a)}, by the Fréchet distance ${names(b)}.`;
  }).filter(Boolean).join(' ');
}

/** The table to copy: of images a column for each distance. @param {Arena} payload */
export function markdown(payload) {
  const measures = measuresOf(payload), columns = payload.evaluations.flatMap((target, i) => measures.map(measure => ({i, measure, title: `${target} NFE${measures[1] ? `, ${measure.title}` : ''}`})));
  const line = cells => `| ${cells.join(' | ')} |`;
  const reading = (row, measure) => {
    const found = row && measure.of(row);
    return found && found.mean != null ? `${measure.text(found.mean, found.std)}${row.nfe === row.target ? '' : ` (${row.nfe})`}` : '–';
  };
  const lines = payload.schedulers.map(entry => {
    const rows = rowsOf(payload, entry), gaps = gapsOf(rows);
    return line([entry.title, entry.grid, ...columns.map(({i, measure}) => reading(rows[i], measure)), gaps.length ? Math.max(...gaps).toExponential(1) : '–']);
  });
  const real = columns.map(({measure}) => measure.text(measure.real(payload).mean, measure.real(payload).std));
  return [line(['scheduler', 'time grid', ...columns.map(column => column.title), 'difference to our own']), `|${'---|'.repeat(columns.length + 3)}`,
          ...lines, line(['real against real', '', ...real, ''])].join('\n');
}
