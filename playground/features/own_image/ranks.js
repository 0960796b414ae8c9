/* Where one number stands among others. */
import {thousands} from '../../ui/lib/format.js';

/* How many of `others` are below `value`, as a share. */
export const shareBelow = (value, others) => others.filter(other => other < value).length / Math.max(1, others.length);
/* "larger than those of 87 % of 1,000 held-out images" */
export function ranked(value, all, [above, below]) {
  const others = all.filter(Number.isFinite);
  if (!Number.isFinite(value) || !others.length) return '';
  const share = shareBelow(value, others), n = thousands(others.length);
  if (share >= 1) return `${above} than those of all ${n} held-out images`;
  if (share <= 0) return `${below} than those of all ${n} held-out images`;
  const percent = part => `${Math.min(99, Math.max(1, Math.round(100 * part)))} %`;
  return share >= 0.5 ? `${above} than those of ${percent(share)} of ${n} held-out images` : `${below} than those of ${percent(1 - share)} of ${n} held-out images`;
}
/* How many values fall into each of `bins` between lo and hi, both ends among them. */
export function counted(values, lo, hi, bins) {
  const counts = Array(bins).fill(0);
  values.forEach(value => { counts[Math.max(0, Math.min(bins - 1, Math.floor((value - lo) / (hi - lo || 1) * bins)))] += 1; });
  return counts;
}
