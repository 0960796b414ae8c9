/* What a brush makes: dabs along a line, mirrored, rubbed out, or spread over the dark parts of a photo. Places are [x, y] from −1 to 1, y upwards. */
export const MOST = 2000;

/* Places every `gap` from one to the other, without the first. */
export function along([x0, y0], [x1, y1], gap) {
  const n = Math.max(1, Math.floor(Math.hypot(x1 - x0, y1 - y0) / gap));
  return Array.from({length: n}, (_, i) => [x0 + (x1 - x0) * (i + 1) / n, y0 + (y1 - y0) * (i + 1) / n]);
}

/* A place and its images: `1` none, `x`, `y`, `xy`, or a number of times around the middle. */
export function mirrored([x, y], how) {
  if (how === 'x') return [[x, y], [-x, y]];
  if (how === 'y') return [[x, y], [x, -y]];
  if (how === 'xy') return [[x, y], [-x, y], [x, -y], [-x, -y]];
  const n = Number(how) || 1;
  return Array.from({length: n}, (_, k) => {
    const a = 2 * Math.PI * k / n;
    return [x * Math.cos(a) - y * Math.sin(a), x * Math.sin(a) + y * Math.cos(a)];
  });
}

/* Without those within `radius` of a place. */
export const erased = (dabs, [x, y], radius) => dabs.filter(([a, b]) => Math.hypot(a - x, b - y) > radius);

/* `n` places spread over what is dark in a grey picture `grey` (from 0 to 1, n rows of n), or over what is light where most of it is dark; evenly,
   by cutting the sum of ink into `n` equal parts. `random()` gives numbers from 0 to 1. */
export function ofPhoto(grey, side, n, random) {
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  const ink = grey.map(value => (mean > 0.5 ? 1 - value : value) ** 2), total = ink.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) return [];
  const places = [];
  let sum = 0, next = random() / n;
  for (let i = 0; i < ink.length; i++) {
    sum += ink[i] / total;
    while (next < sum && places.length < n) {
      const column = i % side + random(), row = Math.floor(i / side) + random();
      places.push([2 * column / side - 1, 1 - 2 * row / side]);
      next += 1 / n;
    }
  }
  return places;
}
