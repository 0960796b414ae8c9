/* The numbers of the forward process, and how they are written. A schedule is {alpha, sigma, log_snr, signal}, tables over t in 0..1. */
import {fixed} from '../../ui/lib/format.js';

/* Standard normal numbers that depend on the seed alone: mulberry32, then Box-Muller. */
export function normals(n, from) {
  let state = from * 0x9E3779B9 >>> 0;
  const uniform = () => {
    state = state + 0x6D2B79F5 >>> 0;
    let z = Math.imul(state ^ state >>> 15, 1 | state);
    z = z + Math.imul(z ^ z >>> 7, 61 | z) ^ z;
    return ((z ^ z >>> 14) >>> 0) / 4294967296;
  };
  return Float32Array.from({length: n}, () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(6.283185307 * uniform()));
}

/* A table at time `at`, linear between its entries. */
export function read(values, at) {
  const exact = at * (values.length - 1), k = Math.min(values.length - 2, Math.floor(exact));
  return values[k] + (exact - k) * (values[k + 1] - values[k]);
}

/* The share of the variance of x_t that is data. */
export function signal(alpha, sigma, variance) {
  const power = alpha * alpha * variance;
  return power / (power + sigma * sigma);
}
const bits = (alpha, sigma, variance) => 0.5 * Math.log2(1 + alpha * alpha * variance / (sigma * sigma));

/* All that is said of a schedule at time `at`, for data of this variance. */
export function numbers(schedule, at, variance) {
  const alpha = read(schedule.alpha, at), sigma = read(schedule.sigma, at);
  return {alpha, sigma, log_snr: read(schedule.log_snr, at), signal: signal(alpha, sigma, variance), bits: bits(alpha, sigma, variance)};
}

export const SHOW = {
  alpha: v => fixed(v, 3), sigma: v => fixed(v, v < 10 ? 3 : 1), log_snr: v => fixed(v, 1), signal: v => `${fixed(100 * v, v > 0.0995 ? 0 : 1)} %`,
  bits: v => fixed(v, v < 0.0995 ? 3 : 2),
};
