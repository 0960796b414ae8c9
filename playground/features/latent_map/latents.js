/* A point of the map has 1 to 3 coordinates, `place`; a point of the latent space has d, `z`. Where the projection is linear,
   a basis {origin: [d], axes: [[d], ...]} joins them: z = origin + Σ axes[k] place[k], with orthonormal axes. */

/** The basis of a payload that is shown as `method`, or null.
    @param {Pick<import('../../ui/lib/payloads.d.ts').LatentMap, 'basis' | 'dims'>} payload @param {string} method */
export function basisOf({basis, dims}, method) {
  if (basis) return basis;
  if (method !== 'raw') return null;
  return {origin: Array(dims).fill(0), axes: Array.from({length: dims}, (_, k) => Array.from({length: dims}, (__, j) => Number(j === k)))};
}

export const latentAt = (place, {origin, axes}) => origin.map((value, j) => axes.reduce((sum, axis, k) => sum + axis[j] * place[k], value));
export const placeFor = (z, {origin, axes}) => axes.map(axis => axis.reduce((sum, value, j) => sum + value * (z[j] - origin[j]), 0));
