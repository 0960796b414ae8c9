/* Gaussians below the dots: the posterior as one ellipse a dot, and the prior, whose share in the plane (space) of an orthonormal
   projection is N(its origin there, I). */
import {keeper} from '../../ui/lib/asking.js';
import {visible} from '../../ui/lib/live.js';
import {roleColour} from '../../ui/lib/theme.js';
import {SKIP} from './colour.js';
import {placeFor} from './latents.js';

/* The ellipse of axesᵀ diag(s²) axes: half axes and angle. */
function ellipse(s, axes) {
  const part = (a, b) => a.reduce((sum, value, j) => sum + value * b[j] * s[j] * s[j], 0);
  const a = part(axes[0], axes[0]), c = axes[1] ? part(axes[1], axes[1]) : 0, b = axes[1] ? part(axes[0], axes[1]) : 0;
  const middle = (a + c) / 2, apart = Math.sqrt(((a - c) / 2) ** 2 + b * b);
  return {major: Math.sqrt(Math.max(0, middle + apart)), minor: Math.sqrt(Math.max(0, middle - apart)), angle: 0.5 * Math.atan2(2 * b, a - c)};
}

/** @param {import('./state.js').MapState} map */
export function makeEllipses(map, places, colours) {
  let stds = null;
  const fit = () => map.linear && !map.deep;
  const keep = keeper({
    key: () => (map.on.ellipses && map.source && fit() && visible(map.element) ? [map.run, map.source.step] : null),
    fetch: () => map.ask('posterior'),
    done: answer => {
      map.say('ellipses', answer.error);
      if (answer.error) return;
      stds = {...answer.std, run: map.run};
      map.draw.all();
    },
  });

  function draw(context) {
    keep();
    if (!map.on.ellipses || !stds || stds.run !== map.run || !fit()) return;
    const {axes} = map.basis, [n, d] = stds.shape, [sx, sy] = places.scale(), {codes, palette} = colours.paint;
    context.globalAlpha = 0.4;
    context.lineWidth = 1;
    for (let i = 0; i < Math.min(n, map.points.x.length); i++) {
      if (codes[i] === SKIP) continue;
      const {major, minor, angle} = ellipse(stds.data.subarray(i * d, (i + 1) * d), axes), [x, y] = places.toScreen(map.placeOf(i));
      context.strokeStyle = `rgb(${palette[codes[i]]})`;
      context.beginPath();
      for (let k = 0; k <= 24; k++) {
        const at = k / 24 * 6.2832, u = major * Math.cos(at), v = minor * Math.sin(at);
        context.lineTo(x + sx * (u * Math.cos(angle) - v * Math.sin(angle)), y - sy * (u * Math.sin(angle) + v * Math.cos(angle)));
      }
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  return {fit, draw, forget() { stds = null; }};
}

/** @param {import('./state.js').MapState} map */
export function makePrior(map, places) {
  const shown = () => map.isVAE && map.on.prior && Boolean(map.source && (map.source.prior || map.linear));

  return {
    shown,
    draw(context) {
      if (!shown()) return;
      const {basis} = map, home = basis ? placeFor(basis.origin.map(() => 0), basis) : [0, 0];
      context.strokeStyle = roleColour('prior');
      context.lineWidth = 1.4;
      context.setLineDash([9, 9]);
      const box = places.box(), [x, y] = places.toScreen(home), [sx, sy] = places.scale();
      for (const r of [1, 2, 3]) {
        context.beginPath();
        if (map.source.dims === 1) for (const side of [-r, r]) { context.moveTo(x + side * sx, box.top); context.lineTo(x + side * sx, box.top + box.height); }
        else context.ellipse(x, y, r * sx, r * sy, 0, 0, 6.2832);
        context.stroke();
      }
      context.setLineDash([]);
    },
  };
}
