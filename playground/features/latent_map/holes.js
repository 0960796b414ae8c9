/* Holes: |E(D(z)) - z| on a grid over what the axes show, in standard deviations of the codes; the shade is fullest from one
   of them on, on every tab, so that the red of two models can be compared. */
import {keeper} from '../../ui/lib/asking.js';
import {fixed, rounded} from '../../ui/lib/format.js';
import {visible} from '../../ui/lib/live.js';
import {isDark, rgb, roleColour} from '../../ui/lib/theme.js';
import {shownAs} from './state.js';

export const REDDEST = 1;
const GRID = 48;

/* The field as a picture of n x n dots: the further from home, the less transparent. */
function shade({n, data}) {
  const sheet = document.createElement('canvas'), image = new ImageData(n, n), [r, g, b] = rgb(roleColour('error'));
  for (let i = 0; i < n * n; i++) {
    const row = n - 1 - Math.floor(i / n), o = 4 * (row * n + i % n), share = Math.min(1, data[i] / REDDEST);
    image.data.set([r, g, b, Number.isFinite(share) ? 170 * share : 0], o);
  }
  sheet.width = sheet.height = n;
  sheet.getContext('2d').putImageData(image, 0, 0);
  return sheet;
}

/** @param {import('./state.js').MapState} map */
export function makeHoles(map, places) {
  let holes = null;
  const fits = () => Boolean(map.source && map.source.dims === 2 && map.linear);
  const corner = () => ({lo: [map.ranges.x[0], map.ranges.y[0]], hi: [map.ranges.x[1], map.ranges.y[1]]});
  const coarse = (_, v) => (typeof v === 'number' ? rounded(v, 3) : v);

  function planeArgs() {
    const {origin, axes} = map.basis;
    return shownAs(map.source) === 'raw' ? {} : {origin, axes: origin.map((_, j) => axes.map(axis => axis[j]))};
  }
  const keep = keeper({
    key: () => (map.on.holes && fits() && map.ranges && visible(map.element)
      ? [`${map.run}|${shownAs(map.source)}|${JSON.stringify(corner(), coarse)}`, map.source.step] : null),
    fetch: async () => { const asked = corner(), answer = await map.ask('holes', {...asked, n: GRID, ...planeArgs()}); return {...answer, asked}; },
    done: answer => {
      map.say('holes', answer.error);
      if (answer.error) return;
      const {field, typical, typical_se: error} = answer;
      holes = {...answer.asked, run: map.run, n: field.shape[0], data: field.data, typical, error, sheet: null};
      map.draw.all();
    },
  });

  return {
    fits,
    draw(context) {
      keep();
      if (!map.on.holes || !holes || holes.run !== map.run || !fits()) return;
      if (!holes.sheet || holes.dark !== isDark()) { holes.sheet = shade(holes); holes.dark = isDark(); }
      const [x0, y1] = places.toScreen(holes.lo), [x1, y0] = places.toScreen(holes.hi);
      context.imageSmoothingEnabled = true;
      context.drawImage(holes.sheet, x0, y0, x1 - x0, y1 - y0);
    },
    /* The unit of the shading, and how large the holes are where codes usually lie; '' while none is shown. */
    words() {
      if (!map.on.holes || !holes || !fits()) return '';
      const {typical, error} = holes;
      return `std of the codes${typical == null ? '' : `; ${fixed(typical, 3)} ± ${fixed(error || 0, 3)} on average where a Gaussian fitted to the codes draws`}`;
    },
    forget() { holes = null; },
  };
}
